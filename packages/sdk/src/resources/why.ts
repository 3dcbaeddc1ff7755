import { statuses, type FromSchema, type JsonSchema } from '@aos/core';

import { runId, timeOrNull } from './shared.ts';

export const whyCodes = [
  'finished',
  'cancel_requested',
  'paused',
  'skill_paused',
  'tenant_over_share',
  'workers_gated',
  'queued_behind',
  'next_in_queue',
  'starts_later',
  'no_live_worker',
  'waiting_for_retry',
  'waiting_for_approval',
  'waiting_for_review',
  'waiting_for_target',
  'planning',
  'step_running',
  'between_steps',
  'worker_lost',
] as const;

/** Why a run is where it is: each reason for programs (`code`) and for people (`detail`). */
export const whySchema = {
  type: 'object',
  required: ['runId', 'status', 'reasons'],
  additionalProperties: false,
  properties: {
    runId,
    status: { type: 'string', enum: statuses },
    reasons: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['code', 'detail'],
        additionalProperties: false,
        properties: {
          code: { type: 'string', enum: whyCodes },
          detail: { type: 'string' },
          step: { type: 'string' },
          approvalId: { type: 'string' },
          until: timeOrNull,
          since: timeOrNull,
          runsAhead: { type: 'integer' },
          by: { type: 'string', description: 'Who asked for it.' },
        },
      },
    },
  },
} as const satisfies JsonSchema;

export type WhyResource = FromSchema<typeof whySchema>;
export type WhyReason = WhyResource['reasons'][number];
