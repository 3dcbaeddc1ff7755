import { effectClasses, waitKinds, type FromSchema, type JsonSchema } from '@aos/core';

import { failure, timeOrNull } from './shared.ts';

/** A step of the plan, or one item of a `forEach` step (`key[3]`), with what it was given and gave. */
export const stepSchema = {
  type: 'object',
  required: ['key', 'skill', 'status', 'attempts'],
  additionalProperties: false,
  properties: {
    key: { type: 'string' },
    skill: { type: 'string' },
    skillVersion: { type: 'string' },
    effect: { type: 'string', enum: effectClasses },
    status: {
      type: 'string',
      enum: ['pending', 'started', 'waiting', 'completed', 'failed', 'skipped'],
      description: 'pending: it has not begun.',
    },
    attempts: { type: 'integer', description: 'Attempts begun so far.' },
    input: { description: 'With references resolved, once everything it reads is there.' },
    inputHash: { type: 'string' },
    output: {},
    failure,
    waitingFor: { type: 'string', enum: waitKinds },
    target: { type: 'string', description: 'What it reaches and waits for.' },
    wakeAt: timeOrNull,
    approvalId: { type: 'string' },
    skipReason: { type: 'string', enum: ['condition', 'input_missing'] },
    startedAt: timeOrNull,
    finishedAt: timeOrNull,
    durationMs: { type: ['integer', 'null'] },
  },
} as const satisfies JsonSchema;

export const stepListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: stepSchema } },
} as const satisfies JsonSchema;

export type StepResource = FromSchema<typeof stepSchema>;
export type StepList = FromSchema<typeof stepListSchema>;
