import assert from 'node:assert/strict';
import { test } from 'node:test';

import { strictJson } from './strict-json.ts';

const read = (text: string) => strictJson(Buffer.from(text));
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const refuses = (bytes: Buffer | string, detail: RegExp) =>
  assert.throws(() => strictJson(Buffer.from(bytes as string)), { message: detail });

test('reads ordinary JSON as it is', () => {
  assert.deepEqual(
    { ...(read('{"a":[1,-2.5e3,"x",null,true],"b":{"a":1}}') as object) },
    {
      a: [1, -2500, 'x', null, true],
      b: Object.assign(Object.create(null), { a: 1 }),
    },
  );
});

test('refuses what is not UTF-8, a byte order mark and UTF-16', () => {
  refuses(Buffer.from([0x22, 0xff, 0x22]), /UTF-8/);
  refuses('\uFEFF{}', /byte order mark/);
  refuses(Buffer.from('{"goal":"x"}', 'utf16le'), /not valid JSON/);
});

test('names the place of a syntax error where it is known, and never repeats the text', () => {
  refuses('{"a":1,}', /^The body is not valid JSON, at position 7\.$/);
  refuses('{"secret": hush}', /^The body is not valid JSON\.$/);
  refuses('', /not valid JSON/);
});

test('refuses a name given twice in one object, however it is spelled, and not in two objects', () => {
  refuses('{"a":1,"b":2,"a":3}', /"a" twice/);
  refuses('{"a":1,"\\u0061":2}', /"a" twice/);
  refuses('[{"a":{"x":1,"x":1}}]', /"x" twice/);
  assert.ok(read('{"a":{"a":{"a":["a","a"]}},"b":[{"a":1},{"a":1}]}'));
  assert.ok(read('{"a":"{\\"b\\":1,\\"b\\":2}"}'), 'a text that looks like JSON is a text');
});

test('refuses nesting deeper than 64 levels, also 20,000', () => {
  assert.ok(read(nested(64)));
  refuses(nested(65), /deeper than 64/);
  refuses(nested(20_000), /deeper than 64/);
  refuses('{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000), /deeper than 64/);
});

test('refuses a number that no double can hold', () => {
  refuses('{"a":1e400}', /out of range/);
  assert.ok(read('{"a":1e308,"b":"1e400"}'));
});

test('makes NUL and lone surrogates storable, in names too', () => {
  assert.deepEqual(Object.entries(read('{"a\\u0000b":"\\ud800x\\u0000"}') as object), [
    ['a\uFFFDb', '\uFFFDx\uFFFD'],
  ]);
});

test('keeps __proto__ as the ordinary name of data', () => {
  const value = read('{"__proto__":{"polluted":true},"constructor":1}') as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
