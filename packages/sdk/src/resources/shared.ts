import { rerunModes, type JsonSchema } from '@aos/core';

/** Pieces that many resources are made of. Times are RFC 3339. */
export const time = { type: 'string', format: 'date-time' } as const satisfies JsonSchema;
export const timeOrNull = {
  type: ['string', 'null'],
  format: 'date-time',
} as const satisfies JsonSchema;
export const runId = {
  type: 'string',
  pattern: '^run_[0-9a-f-]{36}$',
} as const satisfies JsonSchema;
export const approvalId = {
  type: 'string',
  pattern: '^apr_[0-9a-f-]{36}$',
} as const satisfies JsonSchema;

export const cursor = {
  type: ['string', 'null'],
  description: 'Give it as `cursor` to read on; null on the last page.',
} as const satisfies JsonSchema;

export const agentRef = {
  type: 'object',
  required: ['name', 'version'],
  additionalProperties: false,
  properties: { name: { type: 'string' }, version: { type: 'integer', minimum: 1 } },
} as const satisfies JsonSchema;

const problem = {
  type: 'object',
  required: ['pointer', 'detail'],
  additionalProperties: false,
  properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
} as const satisfies JsonSchema;

export const problems = { type: 'array', items: problem } as const satisfies JsonSchema;

/** RFC 6902. */
export const patchSchema = {
  type: 'array',
  minItems: 1,
  maxItems: 100,
  description: 'A JSON Patch (RFC 6902) of the document {goal, input, plan}.',
  items: {
    type: 'object',
    required: ['op', 'path'],
    additionalProperties: false,
    properties: {
      op: { type: 'string', enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
      path: { type: 'string', maxLength: 1000 },
      from: { type: 'string', maxLength: 1000 },
      value: { description: 'Any JSON value.' },
    },
  },
} as const satisfies JsonSchema;

/** From which run another one came, how, why and by whom. */
export const originSchema = {
  type: 'object',
  required: ['runId', 'mode', 'reason', 'by'],
  additionalProperties: false,
  properties: {
    runId,
    mode: { type: 'string', enum: rerunModes },
    reason: { type: 'string' },
    by: { type: 'string' },
    fromStep: { type: 'string' },
    patch: patchSchema,
    operationId: { type: 'string', pattern: '^op_[0-9a-f-]{36}$' },
  },
} as const satisfies JsonSchema;

/** A failure as it is stored. */
export const failure = {
  type: 'object',
  required: ['code', 'detail'],
  additionalProperties: false,
  properties: {
    code: { type: 'string' },
    detail: { type: 'string' },
    problems,
    retryAfterMs: { type: 'number' },
  },
} as const satisfies JsonSchema;

/** The failure a run ended with, explained. */
export const explainedFailure = {
  type: 'object',
  required: ['code', 'detail', 'meaning'],
  additionalProperties: false,
  properties: {
    ...failure.properties,
    meaning: { type: 'string', description: 'The meaning of the code.' },
    step: { type: 'string', description: 'The step that failed, when one did.' },
  },
} as const satisfies JsonSchema;

export const usage = {
  type: 'object',
  required: [
    'model',
    'inputTokens',
    'outputTokens',
    'cacheReadTokens',
    'cacheWriteTokens',
    'costUsd',
  ],
  additionalProperties: false,
  properties: {
    model: { type: 'string' },
    inputTokens: { type: 'integer' },
    outputTokens: { type: 'integer' },
    cacheReadTokens: { type: 'integer' },
    cacheWriteTokens: { type: 'integer' },
    costUsd: { type: 'number' },
  },
} as const satisfies JsonSchema;
