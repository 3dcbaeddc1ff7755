import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agentSchema, completeAgent } from './agent.ts';
import { newRunSchema } from './goal.ts';
import {
  foreignProblemsOf,
  parser,
  problemsOf,
  schemaFault,
  sentence,
  type JsonSchema,
} from './schema.ts';

const person = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1 },
    age: { type: 'integer', minimum: 0 },
    role: { enum: ['admin', 'user'] },
    born: { type: 'string', format: 'date' },
    tags: { type: 'array', items: { type: 'string' } },
    version: { const: 1 },
  },
} as const satisfies JsonSchema;

test('a parser returns the value, or one error that names every wrong place', () => {
  const parse = parser<{ name: string }>(person, 'invalid_request', 'The person');
  const value = { name: 'Ann' };
  assert.equal(parse(value), value);
  assert.throws(
    () => parse({ age: -1, role: 'root', born: 'soon', tags: ['a', 2], extra: 1, version: 2 }),
    (error: { code: string; message: string; problems: unknown }) => {
      assert.equal(error.code, 'invalid_request');
      assert.deepEqual(error.problems, [
        { pointer: '#', detail: 'lacks the field "name"' },
        { pointer: '#', detail: 'has the unknown field "extra"' },
        { pointer: '#/age', detail: 'must be >= 0' },
        { pointer: '#/role', detail: 'must be one of "admin", "user"' },
        { pointer: '#/born', detail: 'must match format "date"' },
        { pointer: '#/tags/1', detail: 'must be string' },
        { pointer: '#/version', detail: 'must be 1' },
      ]);
      assert.match(error.message, /^The person: lacks the field "name"; .*#\/age must be >= 0; /);
      return true;
    },
  );
});

test('at most 20 problems are told', () => {
  const schema = { type: 'array', items: { type: 'string' } } as const;
  assert.equal(
    problemsOf(
      schema,
      Array.from({ length: 1_000 }, () => 1),
    ).length,
    20,
  );
});

test('a document with a key named __proto__ has an unknown field like any other', () => {
  const problems = problemsOf(person, JSON.parse('{"name":"Ann","__proto__":{"admin":true}}'));
  assert.equal(sentence(problems), 'has the unknown field "__proto__"');
});

test('schemas read again and again neither pile up nor meet the same name twice', () => {
  for (let at = 0; at < 50; at++) {
    const read = JSON.parse(
      '{"$id":"https://example.com/thing","type":"object","required":["a"],"properties":{"a":{}}}',
    ) as JsonSchema;
    assert.equal(problemsOf(read, {}).length, 1);
    assert.equal(problemsOf(read, { a: 1 }).length, 0);
  }
});

test('what is no schema is told from what is one', () => {
  assert.equal(schemaFault({ type: 'object', properties: { a: { type: 'string' } } }), undefined);
  for (const fault of [
    { type: 'objekt' },
    { properties: 1 },
    { $ref: '#/gone' },
    { $async: true },
    7,
    'x',
  ]) {
    assert.equal(typeof schemaFault(fault), 'string', JSON.stringify(fault));
  }
  for (const schema of [{ type: 'objekt' }, { $async: true, type: 'string' }]) {
    assert.throws(() => foreignProblemsOf(schema, 1), { code: 'plan_invalid' });
  }
});

test('a foreign schema holds as our own does, formats included', () => {
  const schema = {
    type: 'object',
    properties: { at: { type: 'string', format: 'date-time' } },
    minimun: 1,
  };
  assert.deepEqual(foreignProblemsOf(schema, { at: '2026-01-01T00:00:00Z' }), []);
  assert.equal(foreignProblemsOf(schema, { at: 'soon' })[0]?.pointer, '#/at');
});

test('a foreign schema made never to end is stopped', () => {
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [
      `d${at}`,
      at === 39
        ? { type: 'string' }
        : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
    ]),
  );
  const endless: readonly (readonly [JsonSchema, unknown])[] = [
    [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
    [{ $ref: '#' }, 1],
    [{ $ref: '#/$defs/d0', $defs: doubling }, 'x'],
  ];
  for (const [schema, value] of endless) {
    const begun = performance.now();
    assert.throws(() => foreignProblemsOf(schema, value), { code: 'plan_invalid' });
    assert.ok(performance.now() - begun < 5_000);
  }
});

test('an agent needs a name and a description; the rest has defaults', () => {
  assert.deepEqual(problemsOf(agentSchema, { name: 'a', description: 'b' }), []);
  assert.deepEqual(problemsOf(agentSchema, completeAgent({ name: 'a', description: 'b' })), []);
  for (const wrong of [
    { name: 'A', description: 'b' },
    { name: 'a', description: '' },
    { name: 'a', description: 'b', skills: [] },
    { name: 'a', description: 'b', skills: ['rm -rf'] },
    { name: 'a', description: 'b', planner: 'oracle' },
    { name: 'a', description: 'b', limits: { wallMs: 1 } },
    { name: 'a', description: 'b', templates: { 'T!': {} } },
    { name: 'a', description: 'b', owner: 'me' },
  ]) {
    assert.notDeepEqual(problemsOf(agentSchema, wrong), [], JSON.stringify(wrong));
  }
});

test('a request for a run is held to its bounds', () => {
  const plan = { version: 1, steps: [{ key: 'a', skill: 'echo', input: {} }] };
  for (const right of [
    { goal: 'x' },
    { goal: 'x', plan },
    { goal: 'x', plan: { template: 't', parameters: { a: 1 } } },
    {
      goal: 'x',
      priority: -100,
      startAt: '2026-01-01T00:00:00Z',
      budget: { wallMs: 1_000, steps: 1 },
      tags: ['a:b/c'],
    },
  ]) {
    assert.deepEqual(problemsOf(newRunSchema, right), [], JSON.stringify(right));
  }
  for (const wrong of [
    {},
    { goal: '' },
    { goal: ' \n' },
    { goal: 'x'.repeat(8_001) },
    { goal: 'x', plan: {} },
    { goal: 'x', plan: { template: 'T' } },
    { goal: 'x', plan: { template: 't', steps: [] } },
    { goal: 'x', priority: 101 },
    { goal: 'x', startAt: 'tomorrow' },
    { goal: 'x', input: [] },
    { goal: 'x', tags: ['a b'] },
    { goal: 'x', tags: Array.from({ length: 21 }, (_, at) => `t${at}`) },
    { goal: 'x', parentRunId: '7' },
    { goal: 'x', tenant: 'other' },
  ]) {
    assert.notDeepEqual(problemsOf(newRunSchema, wrong), [], JSON.stringify(wrong));
  }
});
