import assert from 'node:assert/strict';
import { test } from 'node:test';

import { applyPatch, type PatchOperation } from './json-patch.ts';

const patched = (document: unknown, ...patch: PatchOperation[]): unknown =>
  applyPatch(structuredClone(document), patch);

test('the examples of RFC 6902', () => {
  assert.deepEqual(patched({ foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }), {
    foo: 'bar',
    baz: 'qux',
  });
  assert.deepEqual(patched({ foo: ['a', 'c'] }, { op: 'add', path: '/foo/1', value: 'b' }), {
    foo: ['a', 'b', 'c'],
  });
  assert.deepEqual(patched({ a: 1, b: 2 }, { op: 'remove', path: '/b' }), { a: 1 });
  assert.deepEqual(patched({ a: [1, 2, 3] }, { op: 'remove', path: '/a/1' }), { a: [1, 3] });
  assert.deepEqual(patched({ a: 1 }, { op: 'replace', path: '/a', value: [2] }), { a: [2] });
  assert.deepEqual(patched({ a: { x: 1 }, b: {} }, { op: 'move', from: '/a/x', path: '/b/y' }), {
    a: {},
    b: { y: 1 },
  });
  assert.deepEqual(patched({ a: [1, 2, 3] }, { op: 'move', from: '/a/0', path: '/a/2' }), {
    a: [2, 3, 1],
  });
  assert.deepEqual(patched({ a: { x: [1] } }, { op: 'copy', from: '/a', path: '/b' }), {
    a: { x: [1] },
    b: { x: [1] },
  });
  assert.deepEqual(
    patched(
      { 'a/b': 1, 'm~n': 2 },
      { op: 'test', path: '/a~1b', value: 1 },
      { op: 'test', path: '/m~0n', value: 2 },
    ),
    { 'a/b': 1, 'm~n': 2 },
  );
  assert.deepEqual(patched({ '': 1 }, { op: 'replace', path: '/', value: 2 }), { '': 2 });
  assert.deepEqual(patched({ a: 1 }, { op: 'replace', path: '', value: [1] }), [1]);
  assert.deepEqual(patched({ a: 1 }, { op: 'add', path: '', value: null }), null);
  assert.deepEqual(patched({ a: 'x' }, { op: 'copy', from: '', path: '/b' }), {
    a: 'x',
    b: { a: 'x' },
  });
  assert.deepEqual(
    patched({ a: { c: 1, b: 2 } }, { op: 'test', path: '/a', value: { b: 2, c: 1 } }),
    { a: { c: 1, b: 2 } },
  );
});

const wrong: [unknown, PatchOperation][] = [
  [{ a: 1 }, { op: 'remove', path: '/b' }],
  [{ a: 1 }, { op: 'replace', path: '/b', value: 1 }],
  [{ a: 1 }, { op: 'add', path: '/b/c', value: 1 }],
  [{ a: 1 }, { op: 'add', path: '/a/c', value: 1 }],
  [{ a: [1] }, { op: 'add', path: '/a/2', value: 1 }],
  [{ a: [1] }, { op: 'add', path: '/a/01', value: 1 }],
  [{ a: [1] }, { op: 'remove', path: '/a/-' }],
  [{ a: [1] }, { op: 'replace', path: '/a/length', value: 0 }],
  [{ a: 1 }, { op: 'test', path: '/a', value: 2 }],
  [{ a: 1 }, { op: 'test', path: '/toString', value: 2 }],
  [{ a: 1 }, { op: 'add', path: 'a', value: 1 }],
  [{ a: 1 }, { op: 'add', path: '/a' }],
  [{ a: 1 }, { op: 'move', path: '/b' }],
  [{ a: { b: {} } }, { op: 'move', from: '/a', path: '/a/b/c' }],
  [{ a: 1 }, { op: 'remove', path: '' }],
  [{}, { op: 'add', path: '/__proto__/admin', value: true }],
  [{}, { op: 'add', path: '/__proto__', value: {} }],
  [{}, { op: 'add', path: '/constructor/prototype/x', value: 1 }],
  [{}, { op: 'copy', from: '/constructor', path: '/x' }],
];
for (const [document, operation] of wrong) {
  test(`${JSON.stringify(operation)} on ${JSON.stringify(document)} is refused by name`, () => {
    assert.throws(() => patched(document, operation), /^Error: Operation 0 \(/);
  });
}

test('copies of copies end before they fill the memory', () => {
  const doubling = Array.from({ length: 60 }, (_, n): PatchOperation => ({
    op: 'copy',
    from: '',
    path: `/n${n}`,
  }));
  assert.throws(() => patched({ a: 'x'.repeat(100) }, ...doubling), /copies more than 4194304/);
});

test('a value of the patch is not shared with the document', () => {
  const value = { a: 1 };
  const result = patched(
    {},
    { op: 'add', path: '/x', value },
    { op: 'add', path: '/x/b', value: 2 },
  );
  assert.deepEqual(result, { x: { a: 1, b: 2 } });
  assert.deepEqual(value, { a: 1 });
});
