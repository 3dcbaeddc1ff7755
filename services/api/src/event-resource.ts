import { eventData, type StoredEvent } from '@aos/core';
import type { EventResource } from '@aos/sdk';

export function eventResource({ runId, seq, at, event }: StoredEvent): EventResource {
  return { runId, seq, at: at.toISOString(), type: event.type, data: eventData(event) };
}
