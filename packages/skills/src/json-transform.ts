import { AosError, isObject, type Json, type JsonSchema } from '@aos/core';

import { defineSkill, type Examples, type Skill } from './base.ts';
import type { Pool } from './pool.ts';

export const TRANSFORM_MS_MAX = 2000;
const RESULT_BYTES_MAX = 2 * 1024 * 1024;

const input = {
  type: 'object',
  required: ['data'],
  additionalProperties: false,
  properties: {
    data: { description: 'The value to transform.' },
    expression: {
      type: 'string',
      minLength: 1,
      maxLength: 20_000,
      description: 'JSONata. Give either expression or patch.',
    },
    patch: {
      type: 'array',
      maxItems: 1000,
      description: 'JSON Patch, RFC 6902.',
      items: {
        type: 'object',
        required: ['op', 'path'],
        additionalProperties: false,
        properties: {
          op: { enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
          path: { type: 'string', maxLength: 2000 },
          from: { type: 'string', maxLength: 2000 },
          value: { description: 'Any value.' },
        },
      },
    },
    schema: { type: 'object', description: 'JSON Schema that the result must hold.' },
  },
} as const satisfies JsonSchema;

const output = {
  type: 'object',
  required: ['result'],
  additionalProperties: false,
  properties: { result: { description: 'null when the expression finds nothing.' } },
} as const satisfies JsonSchema;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'Sum and pick',
    input: {
      data: { orders: [{ price: 2 }, { price: 3 }] },
      expression: '{"total": $sum(orders.price), "count": $count(orders)}',
    },
    output: { result: { total: 5, count: 2 } },
  },
  {
    title: 'Patch',
    input: { data: { a: 1 }, patch: [{ op: 'replace', path: '/a', value: 2 }] },
    output: { result: { a: 2 } },
  },
];

export function jsonTransform(pool: Pool): Skill {
  return defineSkill({
    name: 'json_transform',
    version: '1.0.0',
    description:
      'Reshape, filter, sum or group JSON data with a JSONata expression, or change it with a JSON Patch.',
    input,
    output,
    effect: 'pure',
    permissions: [],
    limits: { timeoutMs: 20_000, timeoutMaxMs: 60_000, outputBytes: RESULT_BYTES_MAX + 1024 },
    cost: { kind: 'free' },
    failures: [
      { code: 'skill_input_invalid', when: 'There is not exactly one of expression and patch.' },
      {
        code: 'transform_failed',
        when: 'The expression or patch is wrong, or the result does not hold the schema.',
      },
      { code: 'transform_stopped', when: 'It takes more than 2 s or 128 MB, or never ends.' },
      { code: 'output_too_large', when: 'The result is larger than 2 MiB.' },
    ],
    examples,

    async run(given, { signal }) {
      if ((given.expression === undefined) === (given.patch === undefined)) {
        throw new AosError('skill_input_invalid', 'Give exactly one of expression and patch.');
      }
      const answer = await pool.run(
        {
          file: new URL('./json-transform.task.ts', import.meta.url),
          input: { ...given, resultBytesMax: RESULT_BYTES_MAX } as Json,
          timeMs: TRANSFORM_MS_MAX,
          subject: 'The transform',
          fresh: true,
        },
        signal,
      );
      const { result, found } = isObject(answer) ? answer : {};
      return {
        output: { result },
        ...(found === false && { notes: ['The expression found nothing; the result is null.'] }),
      };
    },
  });
}
