import type { JsonObject, JsonSchema, RunEventType } from '@aos/core';

import { runId, time } from './shared.ts';

/** A fact of a run. `seq` is 0, 1, 2 … without a gap. */
export const eventSchema = {
  type: 'object',
  required: ['runId', 'seq', 'at', 'type', 'data'],
  additionalProperties: false,
  properties: {
    runId,
    seq: { type: 'integer', minimum: 0 },
    at: time,
    type: { type: 'string' },
    data: { type: 'object' },
  },
} as const satisfies JsonSchema;

export const eventListSchema = {
  type: 'object',
  required: ['items', 'nextAfter'],
  additionalProperties: false,
  properties: {
    items: { type: 'array', items: eventSchema },
    nextAfter: {
      type: ['integer', 'null'],
      description: 'Give it as `after` to read on; null when the run is over and all was read.',
    },
  },
} as const satisfies JsonSchema;

export interface EventResource {
  readonly runId: string;
  readonly seq: number;
  readonly at: string;
  readonly type: RunEventType;
  readonly data: JsonObject;
}

export interface EventList {
  readonly items: readonly EventResource[];
  readonly nextAfter: number | null;
}
