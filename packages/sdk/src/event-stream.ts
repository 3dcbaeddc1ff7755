import { setTimeout as sleep } from 'node:timers/promises';

import { createParser, type EventSourceMessage } from 'eventsource-parser';

import { ApiError } from './api-error.ts';
import { retryDelayMs, send, type ClientOptions } from './request.ts';
import type { EventResource } from './resources.ts';

export interface EventStreamOptions {
  /** The last event already seen; the stream goes on behind it. */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Connections in a row that bring nothing before the stream gives up. */
const FRUITLESS_MAX = 8;

/**
 * The events of a run from its first (or the one after `after`) to its last, each once and in order. A
 * broken connection is resumed where it broke; ends when the run has finished.
 */
export async function* streamEvents(
  options: ClientOptions,
  runId: string,
  { after, signal }: EventStreamOptions = {},
): AsyncGenerator<EventResource, void, undefined> {
  let last = after ?? -1;
  let fruitless = 0;
  while (fruitless < FRUITLESS_MAX) {
    try {
      for await (const message of connect(options, runId, last, signal)) {
        if (message.event === 'end') return;
        const event = JSON.parse(message.data) as EventResource;
        if (event.seq <= last) continue;
        last = event.seq;
        fruitless = 0;
        yield event;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ApiError && error.status < 500) throw error;
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
    }
    fruitless += 1;
    await sleep(retryDelayMs(fruitless), undefined, { signal });
  }
  throw new Error(`The event stream of ${runId} broke ${FRUITLESS_MAX} times in a row.`);
}

async function* connect(
  options: ClientOptions,
  runId: string,
  last: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const response = await send(options, {
    method: 'GET',
    path: `/v1/runs/${encodeURIComponent(runId)}/events`,
    headers: { accept: 'text/event-stream', ...(last >= 0 && { 'last-event-id': String(last) }) },
    signal,
    repeatable: true,
  });
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    yield* messages.splice(0);
  }
}
