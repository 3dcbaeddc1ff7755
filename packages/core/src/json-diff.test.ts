import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CHANGES_MAX, diffJson } from './json-diff.ts';

test('equal documents differ nowhere', () => {
  assert.deepEqual(diffJson({ a: [1, { b: null }] }, { a: [1, { b: null }] }), []);
});

test('a change is told where it is, with both sides', () => {
  const before = { a: 1, 'x/y~z': { deep: [1, 2, 3] }, gone: true };
  const after = { a: 2, 'x/y~z': { deep: [1, 9] }, fresh: null };
  assert.deepEqual(diffJson(before, after), [
    { path: '/a', before: 1, after: 2 },
    { path: '/x~1y~0z/deep/1', before: 2, after: 9 },
    { path: '/x~1y~0z/deep/2', before: 3 },
    { path: '/gone', before: true },
    { path: '/fresh', after: null },
  ]);
});

test('another form is one change', () => {
  assert.deepEqual(diffJson({ a: [1] }, { a: { 0: 1 } }), [
    { path: '/a', before: [1], after: { 0: 1 } },
  ]);
  assert.deepEqual(diffJson('a', 'b'), [{ path: '', before: 'a', after: 'b' }]);
});

test('no more changes are told than anybody reads', () => {
  assert.equal(diffJson(Array(500).fill(1), Array(500).fill(2)).length, CHANGES_MAX);
});
