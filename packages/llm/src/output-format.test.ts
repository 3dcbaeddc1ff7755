import assert from 'node:assert/strict';
import { test } from 'node:test';

import { planSchema } from '@aos/core';

import { formatOf } from './output-format.ts';

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

test('an object that names its properties is closed, whatever is in it', () => {
  const schema = object({
    name: { type: ['string', 'null'], pattern: '^a', description: 'A name.' },
    tags: { type: 'array', maxItems: 3, items: { enum: ['a', 'b'] } },
    inner: object({ flag: { type: 'boolean' } }, { required: ['flag'] }),
    either: { anyOf: [{ const: 1 }, { type: 'string' }] },
  });
  assert.deepEqual(formatOf(schema), {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { type: ['string', 'null'], description: 'A name.\n\n{pattern: "^a"}' },
      tags: { type: 'array', items: { enum: ['a', 'b'] }, description: '{maxItems: 3}' },
      inner: {
        type: 'object',
        additionalProperties: false,
        required: ['flag'],
        properties: { flag: { type: 'boolean' } },
      },
      either: { anyOf: [{ const: 1 }, { type: 'string' }] },
    },
  });
});

test('what would change its meaning is left to words', () => {
  const s = { type: 'string' };
  for (const schema of [
    {},
    { type: 'array', items: s },
    { type: 'object' },
    object({}),
    object({ map: { type: 'object', additionalProperties: s } }),
    object({ any: {} }),
    object({ list: { type: 'array' } }),
    object({ mixed: { type: ['object', 'string'] } }),
    object({ a: s }, { additionalProperties: true }),
    object({ a: s }, { required: ['b'] }),
    object({ a: { $ref: '#' } }),
    object({ a: { oneOf: [s] } }),
    object({ a: { enum: [{ b: 1 }] } }),
    object(Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`p${i}`, s]))),
    planSchema,
  ]) {
    assert.equal(formatOf(schema), undefined, JSON.stringify(schema).slice(0, 100));
  }
});
