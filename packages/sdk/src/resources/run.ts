import {
  limitsSchema,
  outcomes,
  planners,
  rerunModes,
  statuses,
  STEP_KEY,
  waitKinds,
  type FromSchema,
  type JsonSchema,
} from '@aos/core';

import {
  agentRef,
  cursor,
  explainedFailure,
  originSchema,
  patchSchema,
  runId,
  time,
  timeOrNull,
} from './shared.ts';

const nullable = <const S extends JsonSchema>(schema: S) =>
  ({ anyOf: [schema, { type: 'null' }] }) as const;

const progress = {
  type: 'object',
  required: ['percent', 'done', 'total', 'current'],
  additionalProperties: false,
  properties: {
    percent: { type: 'integer', minimum: 0, maximum: 100 },
    done: { type: 'integer', description: 'Steps of the plan that have ended.' },
    total: { type: 'integer', description: 'Steps of the plan; 0 before it is planned.' },
    current: {
      type: 'array',
      items: { type: 'string' },
      description: 'Keys of the steps under way.',
    },
  },
} as const satisfies JsonSchema;

const links = {
  type: 'object',
  required: ['self', 'plan', 'steps', 'events', 'report', 'artifacts', 'why'],
  additionalProperties: false,
  properties: {
    self: { type: 'string' },
    plan: { type: 'string' },
    steps: { type: 'string' },
    events: { type: 'string' },
    report: { type: 'string' },
    artifacts: { type: 'string' },
    why: { type: 'string' },
  },
} as const satisfies JsonSchema;

/** One pursuit of one goal. */
export const runSchema = {
  type: 'object',
  required: [
    'id',
    'goal',
    'input',
    'agent',
    'planner',
    'status',
    'outcome',
    'failure',
    'priority',
    'tags',
    'budget',
    'progress',
    'createdAt',
    'startedAt',
    'finishedAt',
    'startAt',
    'expiresAt',
    'deadlineAt',
    'waitingFor',
    'wakeAt',
    'cancelRequestedAt',
    'cancelRequestedBy',
    'pauseRequestedAt',
    'pauseRequestedBy',
    'parentRunId',
    'origin',
    'traceId',
    'links',
  ],
  additionalProperties: false,
  properties: {
    id: runId,
    goal: { type: 'string' },
    input: { type: 'object' },
    agent: agentRef,
    planner: { type: 'string', enum: planners },
    status: { type: 'string', enum: statuses },
    outcome: { type: ['string', 'null'], enum: [...outcomes, null] },
    failure: nullable(explainedFailure),
    priority: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
    budget: limitsSchema,
    progress,
    createdAt: time,
    startedAt: timeOrNull,
    finishedAt: timeOrNull,
    startAt: timeOrNull,
    expiresAt: timeOrNull,
    deadlineAt: timeOrNull,
    waitingFor: { type: ['string', 'null'], enum: [...waitKinds, null] },
    wakeAt: timeOrNull,
    cancelRequestedAt: timeOrNull,
    cancelRequestedBy: { type: ['string', 'null'] },
    pauseRequestedAt: timeOrNull,
    pauseRequestedBy: { type: ['string', 'null'] },
    parentRunId: { type: ['string', 'null'] },
    origin: nullable(originSchema),
    traceId: { type: 'string', description: 'Of its spans and of its lines in the logs.' },
    links,
  },
} as const satisfies JsonSchema;

export const runListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: runSchema }, nextCursor: cursor },
} as const satisfies JsonSchema;

/** The body of `POST /v1/runs/:id/rerun`. */
export const rerunSchema = {
  type: 'object',
  required: ['mode', 'reason'],
  additionalProperties: false,
  properties: {
    mode: {
      type: 'string',
      enum: rerunModes,
      description:
        'retry keeps finished steps, replay runs the stored plan from the start, replan plans anew.',
    },
    fromStep: {
      type: 'string',
      pattern: STEP_KEY,
      description: 'With retry: this step and what depends on it run again, too.',
    },
    patch: {
      ...patchSchema,
      description:
        'A JSON Patch (RFC 6902) of {goal, input, plan}: input and plan with retry and replay, goal and input with replan. A kept step that is changed by it runs again.',
    },
    agentVersion: {
      type: 'integer',
      minimum: 1,
      description: 'A version of its agent, in the place of the newest; it may not allow more.',
    },
    planner: { type: 'string', enum: planners, description: 'With replan: who plans.' },
    priority: {
      type: 'integer',
      minimum: -100,
      maximum: 100,
      description: 'Higher runs first; that of the run when absent.',
    },
    reason: { type: 'string', minLength: 1, maxLength: 500, pattern: '\\S' },
  },
} as const satisfies JsonSchema;

/** The body of `POST /v1/runs/:id/priority`. */
export const prioritySchema = {
  type: 'object',
  required: ['priority'],
  additionalProperties: false,
  properties: { priority: { type: 'integer', minimum: -100, maximum: 100 } },
} as const satisfies JsonSchema;

export type RunResource = FromSchema<typeof runSchema>;
export type RunList = FromSchema<typeof runListSchema>;
export type RerunRequest = FromSchema<typeof rerunSchema>;
export type PriorityRequest = FromSchema<typeof prioritySchema>;
