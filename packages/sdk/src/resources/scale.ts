import { scaleReasons, type FromSchema, type JsonSchema } from '@aos/core';

import { time } from './shared.ts';

const count = { type: 'integer', minimum: 0 } as const satisfies JsonSchema;

/** The query of `GET /admin/scale`. */
export const scaleQuerySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    min: { type: 'integer', minimum: 0, maximum: 1_000, description: '1 when left out.' },
    max: { type: 'integer', minimum: 1, maximum: 1_000, description: '1,000 when left out.' },
    targetAgeMs: {
      type: 'integer',
      minimum: 100,
      maximum: 3_600_000,
      description: 'How long a run may wait for a worker; 5,000 when left out.',
    },
  },
} as const satisfies JsonSchema;

/** How many workers there should be, why, and what it was told from. */
export const scaleSchema = {
  type: 'object',
  required: ['desired', 'reasons', 'inputs', 'min', 'max', 'targetAgeMs', 'at'],
  additionalProperties: false,
  properties: {
    desired: count,
    reasons: {
      type: 'array',
      description: 'The most demanding first; none when nothing calls for a worker.',
      items: {
        type: 'object',
        required: ['code', 'detail', 'workers'],
        additionalProperties: false,
        properties: {
          code: { type: 'string', enum: scaleReasons },
          detail: { type: 'string' },
          workers: { ...count, description: 'What this alone calls for.' },
        },
      },
    },
    inputs: {
      type: 'object',
      required: ['ready', 'running', 'queueAgeMs', 'workers', 'slots', 'drainPerS'],
      additionalProperties: false,
      properties: {
        ready: { ...count, description: 'Runs that could start now and have no worker.' },
        running: count,
        queueAgeMs: { ...count, description: 'Of the oldest that is ready.' },
        workers: { ...count, description: 'That live now.' },
        slots: { ...count, description: 'Runs they can advance at once.' },
        drainPerS: {
          type: ['number', 'null'],
          description: 'Runs that finish in a second; null before anybody has watched.',
        },
      },
    },
    min: count,
    max: count,
    targetAgeMs: count,
    at: time,
  },
} as const satisfies JsonSchema;

export type ScaleQuery = FromSchema<typeof scaleQuerySchema>;
export type ScaleResource = FromSchema<typeof scaleSchema>;
