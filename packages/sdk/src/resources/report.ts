import type { JsonSchema } from '@aos/core';

import {
  agentRef,
  explainedFailure,
  failure,
  originSchema,
  runId,
  time,
  timeOrNull,
  usage,
} from './shared.ts';

const step = {
  type: 'object',
  required: ['key', 'skill', 'status', 'attempts', 'durationMs'],
  additionalProperties: false,
  properties: {
    key: { type: 'string' },
    skill: { type: 'string' },
    status: { type: 'string' },
    attempts: { type: 'integer' },
    durationMs: { type: ['integer', 'null'] },
    output: {},
    outputHash: { type: 'string' },
    outputBytes: { type: 'integer' },
    failure,
    reason: { type: 'string' },
  },
} as const satisfies JsonSchema;

const rows = (properties: { readonly [name: string]: JsonSchema }): JsonSchema => ({
  type: 'array',
  items: {
    type: 'object',
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  },
});

const text = { type: 'string' };

/** Core's `Report`: every line is derived from stored facts. */
export const reportSchema = {
  type: 'object',
  required: [
    'reportVersion',
    'runId',
    'goal',
    'agent',
    'planner',
    'origin',
    'status',
    'outcome',
    'failure',
    'output',
    'times',
    'plan',
    'steps',
    'gaps',
    'notes',
    'approvals',
    'artifacts',
    'usage',
    'claims',
  ],
  additionalProperties: false,
  properties: {
    reportVersion: { const: 1 },
    runId,
    goal: text,
    agent: agentRef,
    planner: text,
    origin: { anyOf: [originSchema, { type: 'null' }] },
    status: text,
    outcome: { type: ['string', 'null'] },
    failure: { anyOf: [explainedFailure, { type: 'null' }] },
    output: { description: 'What the run returned.' },
    times: {
      type: 'object',
      required: ['createdAt', 'startedAt', 'finishedAt', 'durationMs'],
      additionalProperties: false,
      properties: {
        createdAt: time,
        startedAt: timeOrNull,
        finishedAt: timeOrNull,
        durationMs: { type: ['integer', 'null'] },
      },
    },
    plan: {
      anyOf: [
        {
          type: 'object',
          required: ['version', 'hash', 'steps'],
          additionalProperties: false,
          properties: { version: { type: 'integer' }, hash: text, steps: { type: 'integer' } },
        },
        { type: 'null' },
      ],
    },
    steps: { type: 'array', items: step },
    gaps: rows({ step: text, why: text }),
    notes: { type: 'array', items: text },
    approvals: rows({ step: text, approvalId: text, decision: text, by: text }),
    artifacts: rows({ name: text, mediaType: text, bytes: { type: 'integer' }, digest: text }),
    usage: { anyOf: [usage, { type: 'null' }] },
    claims: { type: 'integer' },
  },
} as const satisfies JsonSchema;
