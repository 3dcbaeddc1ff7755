import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import {
  canonicalJson,
  hashJson,
  isDeeperThan,
  JSON_DEPTH_MAX,
  storable,
  type Json,
} from './json.ts';

test('texts that PostgreSQL refuses are mended', () => {
  assert.equal(storable('a\0b'), 'a\uFFFDb');
  assert.equal(storable('\uD800x'), '\uFFFDx');
  assert.equal(storable('x\uDC00'), 'x\uFFFD');
  assert.equal(storable('\u{1F600}'), '\u{1F600}');
  assert.deepEqual(storable({ 'k\0': ['\uDFFF'] }), { __proto__: null, 'k\uFFFD': ['\uFFFD'] });
});

test('what JSON cannot say becomes null, absent or text', () => {
  const told = storable({
    gone: undefined,
    nan: Number.NaN,
    endless: Infinity,
    call: () => 1,
    symbol: Symbol('x'),
    big: 12345678901234567890n,
    at: new Date(0),
    never: new Date(Number.NaN),
    holes: [undefined, 1],
  });
  assert.equal(
    JSON.stringify(told),
    '{"nan":null,"endless":null,"call":null,"symbol":null,"big":"12345678901234567890","at":"1970-01-01T00:00:00.000Z","never":null,"holes":[null,1]}',
  );
  assert.equal(storable(undefined), null);
});

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

test('64 levels are stored, 65 are too deep, and so is what contains itself', () => {
  assert.equal(JSON.stringify(storable(nested(JSON_DEPTH_MAX + 1))), JSON.stringify(nested(65)));
  assert.throws(() => storable(nested(JSON_DEPTH_MAX + 2)), { code: 'output_too_large' });
  assert.throws(() => storable(nested(100_000)), { code: 'output_too_large' });
  const ring: Record<string, unknown> = {};
  ring['self'] = ring;
  assert.throws(() => storable(ring), { code: 'output_too_large' });
});

test('depth is measured without recursion', () => {
  assert.equal(isDeeperThan(nested(65), 64), false);
  assert.equal(isDeeperThan(nested(66), 64), true);
  assert.equal(isDeeperThan(nested(100_000), 64), true);
  assert.equal(isDeeperThan({ a: [{ b: 1 }] }, 2), false);
  assert.equal(isDeeperThan({ a: [{ b: 1 }] }, 1), true);
  assert.equal(isDeeperThan('text', 0), false);
});

test('a key named __proto__ stays data and pollutes nothing', () => {
  const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}');
  const copy = storable(hostile) as Record<string, Json>;
  assert.equal(JSON.stringify(copy), JSON.stringify(hostile));
  assert.equal(copy['admin'], undefined);
  assert.equal(({} as { admin?: unknown }).admin, undefined);
});

test('whatever is made storable, JSON can say and PostgreSQL can keep', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    maxDepth: 5,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const text = JSON.stringify(storable(value));
      assert.ok(text.isWellFormed() && !text.includes(String.raw`\u0000`));
      assert.equal(JSON.stringify(storable(JSON.parse(text))), text);
    }),
  );
});

test('equal values have equal hashes, whatever order their keys came in', () => {
  const shuffled = (value: Json): Json =>
    Array.isArray(value)
      ? value.map(shuffled)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, item]) => [key, shuffled(item)]),
          )
        : value;
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(hashJson(shuffled(value as Json)), hashJson(value as Json));
    }),
  );
  assert.notEqual(hashJson({ a: 1, b: 2 }), hashJson({ a: 2, b: 1 }));
  assert.notEqual(hashJson(['a', 'b']), hashJson(['b', 'a']));
  assert.notEqual(hashJson('1'), hashJson(1));
});

test('the canonical text is fixed: a change of it would void every approval', () => {
  const text = canonicalJson({ b: [1, -0, 1e21, 'é"'], a: { z: null, 'a b': true }, B: 0.5 });
  assert.equal(text, '{"B":0.5,"a":{"a b":true,"z":null},"b":[1,0,1e+21,"é\\""]}');
  assert.equal(
    hashJson({ a: 1 }),
    'sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862',
  );
  assert.equal(canonicalJson({ a: 1, b: undefined } as unknown as Json), '{"a":1}');
});
