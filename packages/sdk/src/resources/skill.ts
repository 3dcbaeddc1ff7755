import { effectClasses, type JsonSchema, type SkillManifest } from '@aos/core';

import { time } from './shared.ts';

const rows = (required: readonly string[], properties: JsonSchema): JsonSchema => ({
  type: 'array',
  items: { type: 'object', required, additionalProperties: false, properties },
});

/** A skill as a worker published it: everything about it but its code. */
export const skillSchema = {
  type: 'object',
  required: [
    'name',
    'version',
    'description',
    'input',
    'output',
    'effect',
    'permissions',
    'limits',
    'cost',
    'failures',
    'examples',
    'publishedAt',
  ],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    version: { type: 'string' },
    description: { type: 'string' },
    input: { type: 'object', description: 'JSON Schema of its input.' },
    output: { type: 'object', description: 'JSON Schema of its output.' },
    effect: { type: 'string', enum: effectClasses },
    effectBy: {
      type: 'object',
      required: ['property', 'values'],
      additionalProperties: false,
      properties: {
        property: { type: 'string' },
        values: { type: 'object', additionalProperties: { enum: effectClasses } },
      },
    },
    permissions: { type: 'array', items: { type: 'string' } },
    limits: {
      type: 'object',
      required: ['timeoutMs', 'timeoutMaxMs', 'outputBytes'],
      additionalProperties: false,
      properties: {
        timeoutMs: { type: 'integer' },
        timeoutMaxMs: { type: 'integer' },
        outputBytes: { type: 'integer' },
      },
    },
    cost: {
      type: 'object',
      required: ['kind'],
      additionalProperties: false,
      properties: {
        kind: { enum: ['free', 'fixed', 'tokens'] },
        usd: { type: 'number' },
        note: { type: 'string' },
      },
    },
    failures: rows(['code', 'when'], { code: { type: 'string' }, when: { type: 'string' } }),
    examples: rows(['title', 'input', 'output'], {
      title: { type: 'string' },
      input: { type: 'object' },
      output: {},
    }),
    publishedAt: time,
  },
} as const satisfies JsonSchema;

export const skillListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: skillSchema } },
} as const satisfies JsonSchema;

export interface SkillResource extends SkillManifest {
  readonly publishedAt: string;
}

export interface SkillList {
  readonly items: readonly SkillResource[];
}
