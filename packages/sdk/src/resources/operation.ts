import {
  CANARY_SIZE_MAX,
  failures,
  OPERATION_RATE_MAX,
  operationKinds,
  operationStates,
  outcomes,
  planners,
  rerunModes,
  statuses,
  STEP_KEY,
  type FailureCode,
  type FromSchema,
  type JsonSchema,
} from '@aos/core';

import { cursor, patchSchema, runId, time, timeOrNull } from './shared.ts';

/** Ids that one request may name; more are asked for by a filter. */
const IDS_MAX = 10_000;

export const operationId = {
  type: 'string',
  pattern: '^op_[0-9a-f-]{36}$',
} as const satisfies JsonSchema;

const reason = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  pattern: '\\S',
  description: 'Why, for the record.',
} as const satisfies JsonSchema;

/** How every wish about many runs is looked at first, and then done. */
const pace = {
  dryRun: { type: 'boolean', description: 'Only tell what it would be about.' },
  selection: {
    type: 'string',
    pattern: '^[0-9a-f]{64}$',
    description: 'The selection of a dry run: nothing begins unless it is still the same.',
  },
  ratePerSecond: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: OPERATION_RATE_MAX,
    description: 'Runs a second, 5 when absent.',
  },
} as const;

const canary = {
  type: 'array',
  maxItems: 5,
  items: { type: 'integer', minimum: 1, maximum: CANARY_SIZE_MAX },
  description:
    'Runs that must succeed first, stage by stage: [1, 5] when absent, [] for none. When one does not, the rest is left.',
} as const satisfies JsonSchema;

const how = {
  mode: { type: 'string', enum: rerunModes },
  fromStep: { type: 'string', pattern: STEP_KEY },
  patch: patchSchema,
  agentVersion: {
    type: 'integer',
    minimum: 1,
    description: 'A version of the agent of each run, in the place of the newest.',
  },
  planner: { type: 'string', enum: planners, description: 'With replan: who plans.' },
  priority: {
    type: 'integer',
    minimum: -100,
    maximum: 100,
    description: 'To jump the queue, or to wait behind it; that of each run when absent.',
  },
  reason,
  canary,
  ...pace,
} as const;

const text = { type: 'string', minLength: 1, maxLength: 100 } as const;

const runFilter = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  description: 'As for GET /v1/runs.',
  properties: {
    status: { type: 'string', enum: statuses },
    outcome: { type: 'string', enum: outcomes },
    agent: text,
    planner: { type: 'string', enum: planners },
    tag: text,
    skill: text,
    error: text,
    createdAfter: time,
    createdBefore: time,
    origin: runId,
    q: { type: 'string', minLength: 1, maxLength: 200 },
  },
} as const satisfies JsonSchema;

const letterFilter = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  description: 'As for GET /v1/dead-letters; only letters that are open are meant.',
  properties: {
    case: text,
    code: { type: 'string', enum: Object.keys(failures) as FailureCode[] },
    skill: text,
    agent: text,
    failedAfter: time,
    failedBefore: time,
    q: { type: 'string', minLength: 1, maxLength: 200 },
  },
} as const satisfies JsonSchema;

const runIds = {
  type: 'array',
  minItems: 1,
  maxItems: IDS_MAX,
  uniqueItems: true,
  items: runId,
} as const satisfies JsonSchema;

const letterIds = {
  type: 'array',
  minItems: 1,
  maxItems: IDS_MAX,
  uniqueItems: true,
  items: { type: 'string', pattern: '^(dl|run)_[0-9a-f-]{36}$' },
} as const satisfies JsonSchema;

/** The body of `POST /admin/rerun`. */
export const rerunManySchema = {
  type: 'object',
  required: ['mode', 'reason'],
  additionalProperties: false,
  properties: { runIds, filter: runFilter, ...how },
} as const satisfies JsonSchema;

/** The body of `POST /admin/cancel`. */
export const cancelManySchema = {
  type: 'object',
  required: ['reason'],
  additionalProperties: false,
  properties: { runIds, filter: runFilter, reason, ...pace },
} as const satisfies JsonSchema;

/** The body of `POST /v1/dead-letters/redrive`. */
export const redriveSchema = {
  type: 'object',
  required: ['mode', 'reason'],
  additionalProperties: false,
  properties: { ids: letterIds, filter: letterFilter, case: text, ...how },
} as const satisfies JsonSchema;

/** The body of `POST /v1/dead-letters/discard`. */
export const discardSchema = {
  type: 'object',
  required: ['reason'],
  additionalProperties: false,
  properties: { ids: letterIds, filter: letterFilter, case: text, reason },
} as const satisfies JsonSchema;

export const discardedSchema = {
  type: 'object',
  required: ['discarded'],
  additionalProperties: false,
  properties: { discarded: { type: 'integer', description: 'Letters that were open.' } },
} as const satisfies JsonSchema;

/** The body of `POST /admin/operations/:id/abort`. */
export const abortSchema = {
  type: 'object',
  required: ['reason'],
  additionalProperties: false,
  properties: { reason },
} as const satisfies JsonSchema;

const counts = Object.fromEntries(
  ['pending', 'started', 'skipped', 'refused', 'succeeded', 'failed', 'cancelled'].map((name) => [
    name,
    { type: 'integer' },
  ]),
) as Record<Count, { readonly type: 'integer' }>;

type Count = 'pending' | 'started' | 'skipped' | 'refused' | 'succeeded' | 'failed' | 'cancelled';

/** One wish about many runs, and how far it has come. */
export const operationSchema = {
  type: 'object',
  required: [
    'id',
    'kind',
    'state',
    'request',
    'reason',
    'createdBy',
    'createdAt',
    'endedAt',
    'endedBy',
    'endReason',
    'total',
    'asked',
    'selection',
    'canary',
    'stage',
    'ratePerSecond',
    'progress',
    'links',
  ],
  additionalProperties: false,
  properties: {
    id: operationId,
    kind: { type: 'string', enum: operationKinds },
    state: { type: 'string', enum: operationStates },
    request: {
      type: 'object',
      additionalProperties: false,
      properties: {
        mode: { type: 'string', enum: rerunModes },
        fromStep: { type: 'string' },
        patch: patchSchema,
        agentVersion: { type: 'integer' },
        planner: { type: 'string', enum: planners },
        priority: { type: 'integer' },
      },
    },
    reason: { type: 'string' },
    createdBy: { type: 'string' },
    createdAt: time,
    endedAt: timeOrNull,
    endedBy: { type: ['string', 'null'], description: 'Who aborted it.' },
    endReason: { type: ['string', 'null'], description: 'Why it stopped or was aborted.' },
    total: { type: 'integer' },
    asked: { type: 'object', description: 'The ids or the filter that it was asked for with.' },
    selection: { type: 'string', description: 'The hash of the runs it is about.' },
    canary: { type: 'array', items: { type: 'integer' } },
    stage: { type: 'integer', description: 'The place in canary; behind its end, the rest.' },
    ratePerSecond: { type: 'number' },
    progress: {
      type: 'object',
      required: Object.keys(counts) as Count[],
      additionalProperties: false,
      description: 'Items by state; succeeded, failed and cancelled are those of the started runs.',
      properties: counts,
    },
    links: {
      type: 'object',
      required: ['self', 'items', 'abort'],
      additionalProperties: false,
      properties: {
        self: { type: 'string' },
        items: { type: 'string' },
        abort: { type: 'string' },
      },
    },
  },
} as const satisfies JsonSchema;

export const operationListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: operationSchema }, nextCursor: cursor },
} as const satisfies JsonSchema;

export const operationItemListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: {
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['nth', 'runId', 'state'],
        additionalProperties: false,
        properties: {
          nth: { type: 'integer' },
          runId,
          state: { type: 'string', enum: ['pending', 'started', 'skipped', 'refused'] },
          newRunId: runId,
          outcome: { type: 'string', enum: outcomes },
          detail: { type: 'string' },
          settledAt: time,
        },
      },
    },
    nextCursor: cursor,
  },
} as const satisfies JsonSchema;

export type RerunManyRequest = FromSchema<typeof rerunManySchema>;
export type CancelManyRequest = FromSchema<typeof cancelManySchema>;
export type RedriveRequest = FromSchema<typeof redriveSchema>;
export type DiscardRequest = FromSchema<typeof discardSchema>;
export type DiscardedResource = FromSchema<typeof discardedSchema>;
export type AbortRequest = FromSchema<typeof abortSchema>;
export type OperationResource = FromSchema<typeof operationSchema>;
export type OperationList = FromSchema<typeof operationListSchema>;
export type OperationItemList = FromSchema<typeof operationItemListSchema>;
