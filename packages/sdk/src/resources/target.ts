import type { FromSchema, JsonSchema } from '@aos/core';

import { failure, time, timeOrNull } from './shared.ts';

const target = { type: 'string', minLength: 1, maxLength: 300, pattern: '^[a-z]+:\\S+$' } as const;

/** Something that steps reach and that is out: `http:host:port`, `model:provider/name`, `postgres:name`. */
export const targetSchema = {
  type: 'object',
  required: ['target', 'state', 'since', 'until', 'failure', 'parkedBy', 'failed', 'parked'],
  additionalProperties: false,
  properties: {
    target,
    state: {
      type: 'string',
      enum: ['clear', 'out', 'parked', 'probing', 'releasing'],
      description:
        'out: nobody calls it before `until`. parked: by hand. probing: one step tries. releasing: it works again, and those who waited go on.',
    },
    since: { ...timeOrNull, description: 'When the outage began.' },
    until: { ...timeOrNull, description: 'When it is tried next, as far as anybody knows.' },
    failure: { anyOf: [failure, { type: 'null' }] },
    parkedBy: { type: ['string', 'null'] },
    failed: { type: 'integer', description: 'Calls that failed since the outage began.' },
    parked: {
      type: 'object',
      required: ['steps', 'runs', 'oldest', 'example'],
      additionalProperties: false,
      properties: {
        steps: { type: 'integer', description: 'Steps that wait for it.' },
        runs: { type: 'integer' },
        oldest: { ...timeOrNull, description: 'Since when the first of them waits.' },
        example: { type: ['string', 'null'], description: 'A run that waits for it.' },
      },
    },
  },
} as const satisfies JsonSchema;

export const targetListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: targetSchema } },
} as const satisfies JsonSchema;

const reason = { type: 'string', minLength: 1, maxLength: 500, pattern: '\\S' } as const;

/** The body of `POST /admin/targets/park`. */
export const targetParkSchema = {
  type: 'object',
  required: ['target', 'reason'],
  additionalProperties: false,
  properties: {
    target,
    reason,
    until: { ...time, description: 'When it is tried again; without it, when it is released.' },
  },
} as const satisfies JsonSchema;

/** The body of `POST /admin/targets/release`. */
export const targetReleaseSchema = {
  type: 'object',
  required: ['target', 'reason'],
  additionalProperties: false,
  properties: { target, reason },
} as const satisfies JsonSchema;

export type TargetResource = FromSchema<typeof targetSchema>;
export type TargetList = FromSchema<typeof targetListSchema>;
export type TargetParkRequest = FromSchema<typeof targetParkSchema>;
export type TargetReleaseRequest = FromSchema<typeof targetReleaseSchema>;
