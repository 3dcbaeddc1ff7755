import type { FromSchema, JsonSchema } from '@aos/core';

import { agentRef, cursor, explainedFailure, runId, time } from './shared.ts';
import { planResourceSchema } from './plan.ts';
import { stepListSchema } from './step.ts';

const letterId = { type: 'string', pattern: '^dl_[0-9a-f-]{36}$' } as const satisfies JsonSchema;
const states = ['open', 'redriving', 'redriven', 'discarded'] as const;

const failedStep = {
  type: 'object',
  required: ['key', 'skill', 'skillVersion', 'attempts'],
  additionalProperties: false,
  properties: {
    key: { type: 'string' },
    skill: { type: 'string' },
    skillVersion: { type: 'string' },
    attempts: { type: 'integer' },
    inputHash: { type: 'string' },
  },
} as const satisfies JsonSchema;

const links = {
  type: 'object',
  required: ['self', 'run', 'report', 'events', 'case'],
  additionalProperties: false,
  properties: {
    self: { type: 'string' },
    run: { type: 'string' },
    report: { type: 'string' },
    events: { type: 'string' },
    case: { type: 'string' },
  },
} as const satisfies JsonSchema;

/** A run that failed, with what is needed to repair it. */
export const deadLetterSchema = {
  type: 'object',
  required: [
    'id',
    'runId',
    'rootRunId',
    'redrives',
    'state',
    'goal',
    'agent',
    'epoch',
    'category',
    'failure',
    'step',
    'plan',
    'skillVersions',
    'costUsd',
    'case',
    'message',
    'failedAt',
    'operationId',
    'redriven',
    'discarded',
    'links',
  ],
  additionalProperties: false,
  properties: {
    id: letterId,
    runId,
    rootRunId: { ...runId, description: 'The first run of its lineage.' },
    redrives: { type: 'integer', description: 'Failures of the lineage before this one.' },
    state: {
      type: 'string',
      enum: states,
      description: 'redriving: an operation has it in hand.',
    },
    goal: { type: 'string' },
    agent: agentRef,
    epoch: { type: 'integer' },
    category: { type: 'string' },
    failure: explainedFailure,
    step: { anyOf: [failedStep, { type: 'null' }] },
    plan: {
      anyOf: [
        {
          type: 'object',
          required: ['version', 'hash'],
          additionalProperties: false,
          properties: { version: { type: 'integer' }, hash: { type: 'string' } },
        },
        { type: 'null' },
      ],
    },
    skillVersions: { type: 'object', additionalProperties: { type: 'string' } },
    costUsd: { type: 'number', description: 'What its model calls cost.' },
    case: { type: 'string', description: 'The fingerprint of the failure.' },
    message: { type: 'string', description: 'The failure without what differs each time.' },
    failedAt: time,
    operationId: { type: ['string', 'null'] },
    redriven: {
      anyOf: [
        {
          type: 'object',
          required: ['runId', 'at', 'by'],
          additionalProperties: false,
          properties: { runId, at: time, by: { type: 'string' } },
        },
        { type: 'null' },
      ],
    },
    discarded: {
      anyOf: [
        {
          type: 'object',
          required: ['reason', 'at', 'by'],
          additionalProperties: false,
          properties: { reason: { type: 'string' }, at: time, by: { type: 'string' } },
        },
        { type: 'null' },
      ],
    },
    links,
  },
} as const satisfies JsonSchema;

export const deadLetterListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: deadLetterSchema }, nextCursor: cursor },
} as const satisfies JsonSchema;

/** All failures of one cause, and what people say about it. */
export const caseSchema = {
  type: 'object',
  required: [
    'id',
    'state',
    'reopened',
    'owner',
    'note',
    'version',
    'changedAt',
    'changedBy',
    'code',
    'skill',
    'step',
    'message',
    'skillVersions',
    'letters',
    'openLetters',
    'lastHour',
    'costUsd',
    'firstSeen',
    'lastSeen',
    'links',
  ],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[0-9a-f]{24}$' },
    state: { type: 'string', enum: ['open', 'muted', 'fixed', 'resolved'] },
    reopened: { type: 'boolean', description: 'It was fixed or resolved, and came back.' },
    owner: { type: ['string', 'null'] },
    note: { type: ['string', 'null'] },
    version: {
      type: ['string', 'null'],
      description:
        'Of the skill: with fixed, the one that has the cure; with resolved, the newest that failed. It reopens by a failure on it or on a newer one.',
    },
    changedAt: { type: ['string', 'null'], format: 'date-time' },
    changedBy: { type: ['string', 'null'] },
    code: { type: 'string' },
    skill: { type: ['string', 'null'] },
    step: { type: ['string', 'null'] },
    message: { type: 'string' },
    skillVersions: { type: 'array', items: { type: 'string' } },
    letters: { type: 'integer' },
    openLetters: { type: 'integer' },
    lastHour: { type: 'integer', description: 'Failures of the last hour.' },
    costUsd: { type: 'number' },
    firstSeen: time,
    lastSeen: time,
    links: {
      type: 'object',
      required: ['self', 'letters'],
      additionalProperties: false,
      properties: { self: { type: 'string' }, letters: { type: 'string' } },
    },
  },
} as const satisfies JsonSchema;

export const caseListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: caseSchema }, nextCursor: cursor },
} as const satisfies JsonSchema;

const words = (maxLength: number) =>
  ({ type: ['string', 'null'], minLength: 1, maxLength }) as const satisfies JsonSchema;

/** The body of `POST /v1/cases/:id`: what is left out stays, null takes it away. */
export const caseChangeSchema = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    state: { type: 'string', enum: ['open', 'muted', 'fixed', 'resolved'] },
    owner: words(100),
    note: words(2000),
    version: {
      type: 'string',
      pattern: '^\\d{1,8}(\\.\\d{1,8}){0,3}$',
      description: 'With the state fixed: the skill version that has the cure.',
    },
  },
} as const satisfies JsonSchema;

/** A letter with everything that is known of its run. */
export const deadLetterDetailSchema = {
  type: 'object',
  required: ['letter', 'input', 'plan', 'steps', 'lineage', 'case'],
  additionalProperties: false,
  properties: {
    letter: deadLetterSchema,
    input: { description: 'The resolved input of the step that failed; null when none did.' },
    plan: { anyOf: [planResourceSchema, { type: 'null' }] },
    steps: stepListSchema.properties.items,
    lineage: {
      type: 'array',
      items: deadLetterSchema,
      description: 'All letters of the lineage, oldest first.',
    },
    case: caseSchema,
  },
} as const satisfies JsonSchema;

export type DeadLetterResource = FromSchema<typeof deadLetterSchema>;
export type DeadLetterList = FromSchema<typeof deadLetterListSchema>;
export type DeadLetterDetail = FromSchema<typeof deadLetterDetailSchema>;
export type CaseResource = FromSchema<typeof caseSchema>;
export type CaseList = FromSchema<typeof caseListSchema>;
export type CaseChangeRequest = FromSchema<typeof caseChangeSchema>;
