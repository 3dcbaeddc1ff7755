import { planners, planSchema, type JsonSchema, type Plan, type PlannerName } from '@aos/core';

import { runId, time } from './shared.ts';

/** One version of a run's plan. */
export const planResourceSchema = {
  type: 'object',
  required: ['runId', 'version', 'planner', 'hash', 'createdAt', 'plan'],
  additionalProperties: false,
  properties: {
    runId,
    version: { type: 'integer', minimum: 1 },
    planner: { type: 'string', enum: planners },
    hash: { type: 'string' },
    createdAt: time,
    plan: planSchema,
  },
} as const satisfies JsonSchema;

export interface PlanResource {
  readonly runId: string;
  readonly version: number;
  readonly planner: PlannerName;
  readonly hash: string;
  readonly createdAt: string;
  readonly plan: Plan;
}
