import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readAnswer, repairText } from './answer.ts';

const anyObject = { type: 'object' } as const;

test('the JSON is found with or without prose, fence and braces around it', () => {
  for (const text of [
    '{"a": "}"}',
    '  {"a": "}"}\n',
    '```json\n{"a": "}"}\n```',
    'Use {input.name} here [1]. The answer is {"a": "}"}. Good luck :}',
  ]) {
    assert.deepEqual(readAnswer(text, anyObject), { json: { a: '}' } }, text);
  }
});

test('a list is found where the schema allows one', () => {
  assert.deepEqual(readAnswer('So: [1, 2].', { type: 'array' }), { json: [1, 2] });
});

test('several values are refused, since one of them may only be quoted', () => {
  const reading = readAnswer('Not {"a": 1} but {"a": 2}.', anyObject);
  assert.match(JSON.stringify(reading), /several JSON values/);
});

test('a fragment of a broken value is never taken for the answer', () => {
  for (const text of ['', 'none', '{"a": {"b": 1}', '{a: {"b": 1}}', '{"a": {"b": 1}, }']) {
    assert.match(JSON.stringify(readAnswer(text, anyObject)), /no JSON value/, text);
  }
});

test('deep, huge and odd values do no harm', () => {
  const deep = `{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  assert.match(JSON.stringify(readAnswer(deep, anyObject)), /deeper than 64/);
  const odd = readAnswer('{"a": "\\u0000\\ud800", "__proto__": {"b": 1}}', anyObject);
  assert.ok('json' in odd);
  assert.equal(JSON.stringify(odd.json), '{"a":"\ufffd\ufffd","__proto__":{"b":1}}');
  assert.equal(({} as { b?: number }).b, undefined);
  const braces = '{ '.repeat(100_000);
  assert.ok('problems' in readAnswer(braces, anyObject));
  assert.ok('problems' in readAnswer('{x} '.repeat(100_000), anyObject));
});

test('the further check is asked only when the schema holds', () => {
  const odd = [{ pointer: '#/a', detail: 'is odd' }];
  const check = () => odd;
  assert.deepEqual(readAnswer('{"a": 1}', anyObject, check), { problems: odd });
  const closed = { type: 'object', maxProperties: 0 } as const;
  assert.match(JSON.stringify(readAnswer('{"a": 1}', closed, check)), /must NOT have more than 0/);
});

test('problems are bounded, whatever the answer holds', () => {
  const closed = { type: 'object', additionalProperties: false };
  const fields = Array.from({ length: 100 }, (_, i) => [`${i}${'x'.repeat(1000)}`, i]);
  const reading = readAnswer(JSON.stringify(Object.fromEntries(fields)), closed);
  assert.ok('problems' in reading);
  assert.equal(reading.problems.length, 20);
  const text = repairText(reading.problems);
  assert.match(text, /^- # has the unknown field "0xxx/m);
  assert.ok(text.length < 7000);
});
