import { eventData, type StoredEvent } from './event.ts';
import type { JsonObject } from './json.ts';

/** An event as others know it: CloudEvents 1.0, in JSON. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** With `source` it names the event for ever: what comes twice has the same. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Its place in its run, as the extension `sequence` has it: text. */
  readonly sequence: string;
  readonly data: JsonObject;
}

export const CLOUD_EVENTS_TYPE = 'application/cloudevents+json';

export function cloudEvent(stored: StoredEvent): CloudEvent {
  const { runId, seq, at, event } = stored;
  return {
    specversion: '1.0',
    id: eventId(stored),
    source: `/v1/runs/${runId}`,
    type: `aos.${event.type}`,
    subject: runId,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    sequence: String(seq),
    data: eventData(event),
  };
}

/** The name of an event everywhere: the same however often it is delivered. */
export function eventId({ runId, seq }: Pick<StoredEvent, 'runId' | 'seq'>): string {
  return `${runId}:${seq}`;
}
