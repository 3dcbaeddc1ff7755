import { decisions, type FromSchema, type JsonSchema } from '@aos/core';

import { approvalId, cursor, runId, time } from './shared.ts';

/** A question to a human about one step with exactly one input. */
export const approvalSchema = {
  type: 'object',
  required: [
    ...(['id', 'runId', 'step', 'kind', 'reason', 'skill', 'input', 'inputHash'] as const),
    ...(['createdAt', 'decided'] as const),
  ],
  additionalProperties: false,
  properties: {
    id: approvalId,
    runId,
    step: { type: 'string' },
    kind: {
      type: 'string',
      enum: ['step', 'review'],
      description:
        'step: may it start? review: nobody knows whether it happened; may it run again?',
    },
    reason: { type: 'string' },
    skill: { type: 'string' },
    input: { description: 'The resolved input as it will be sent.' },
    inputHash: { type: 'string' },
    createdAt: time,
    decided: {
      anyOf: [
        {
          type: 'object',
          required: ['decision', 'by', 'at'],
          additionalProperties: false,
          properties: {
            decision: { type: 'string', enum: decisions },
            by: { type: 'string' },
            at: time,
            comment: { type: 'string' },
          },
        },
        { type: 'null' },
      ],
    },
  },
} as const satisfies JsonSchema;

export const approvalListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: approvalSchema }, nextCursor: cursor },
} as const satisfies JsonSchema;

/** The body of `POST /v1/approvals/:id/decision`. */
export const decisionSchema = {
  type: 'object',
  required: ['decision'],
  additionalProperties: false,
  properties: {
    decision: { type: 'string', enum: decisions },
    comment: { type: 'string', maxLength: 2000 },
  },
} as const satisfies JsonSchema;

export type ApprovalResource = FromSchema<typeof approvalSchema>;
export type ApprovalList = FromSchema<typeof approvalListSchema>;
export type DecisionRequest = FromSchema<typeof decisionSchema>;
