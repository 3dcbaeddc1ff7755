import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import type { Json } from './json.ts';
import {
  formatReference,
  loneReference,
  referencesIn,
  resolve,
  RESOLVED_CHARS_MAX,
  resolveWhatIsThere,
} from './reference.ts';

const scopeOf = (values: Record<string, Json>) => new Map(Object.entries(values));
const a: Json = JSON.parse(
  '{"text":"hi","list":[1,{"deep":true}],"a key":"x","none":null}',
) as Json;
const scope = scopeOf({ a, input: { name: 'Ann' } });

test('a lone reference keeps its type, and one inside a text becomes text', () => {
  assert.equal(resolve('${a.list[0]}', scope), 1);
  assert.deepEqual(resolve('${a.list[1]}', scope), { deep: true });
  assert.equal(resolve('${a.none}', scope), null);
  assert.equal(resolve('n=${a.list[0]} ${a.list[1]} ${a.none}', scope), 'n=1 {"deep":true} null');
  assert.equal(resolve('${a["a key"]}${input.name}', scope), 'xAnn');
});

test('the literal ${ is written $${', () => {
  assert.equal(resolve('$${a.text}', scope), '${a.text}');
  assert.equal(resolve('$$${a.text}', scope), '$${a.text}');
  assert.equal(resolve('$${ ${a.text} $$ $', scope), '${ hi $$ $');
  assert.equal(resolve('$${'.repeat(1000), scope), '${'.repeat(1000));
  assert.equal(loneReference('$${a.text}'), undefined);
});

test('what comes out of the scope is never read for references again', () => {
  const hostile = scopeOf({
    a: { text: '${secrets.SLACK} ${input.name} $${x}' },
    input: { name: 'Ann' },
  });
  assert.equal(resolve('${a.text}', hostile), '${secrets.SLACK} ${input.name} $${x}');
  assert.equal(resolve('<${a.text}>', hostile), '<${secrets.SLACK} ${input.name} $${x}>');
  assert.deepEqual(resolve({ b: ['${a}'] }, hostile), {
    __proto__: null,
    b: [{ text: '${secrets.SLACK} ${input.name} $${x}' }],
  });
});

test('every reference that reaches for something other than data is refused or unresolved', () => {
  const unresolved = [
    '${a.constructor.constructor}',
    '${a.constructor}',
    '${a.__proto__}',
    '${a.__proto__.polluted}',
    '${a["constructor"]}',
    '${a["__proto__"]}',
    '${a.toString.call}',
    '${a.hasOwnProperty}',
    '${a.text.length}',
    '${a.text[0]}',
    '${a.list.length}',
    '${a.list["0"]}',
    '${a.list[2]}',
    '${env.DATABASE_URL}',
    '${steps.a.constructor.constructor}',
    '${process.env}',
    '${constructor}',
    `\${a${'.b'.repeat(32)}}`,
  ];
  for (const text of unresolved) {
    assert.throws(() => resolve(text, scope), { code: 'reference_unresolved' }, text);
    assert.throws(() => resolve(`<${text}>`, scope), { code: 'reference_unresolved' }, text);
  }
  const refused = [
    '${secrets.*}',
    "${steps['constructor']}",
    '${`constructor`}',
    '${__proto__.polluted}',
    '${}',
    '${a',
    '${ a }',
    '${a.}',
    '${a..b}',
    '${a[-1]}',
    '${a[1.5]}',
    '${a[1e3]}',
    '${a()}',
    '${a.b()}',
    '${a|b}',
    '${a;b}',
    '${a["x\\"y"]}',
    '${a[""]}',
    '${${a}}',
    '${a\n}',
    `\${a${'.b'.repeat(33)}}`,
    `\${a${'.b'.repeat(200)}}`,
  ];
  for (const text of refused) {
    assert.throws(() => resolve(text, scope), { code: 'plan_invalid' }, text);
    assert.throws(() => referencesIn([{ deep: text }]), { code: 'plan_invalid' }, text);
  }
});

test('the template languages of others are plain text', () => {
  for (const text of [
    "{{this.constructor.constructor('return process')().env}}",
    '={{ $json.__proto__.x }}',
    '<%= a %>',
    '#{a}',
    '$(a)',
    '$a',
    '%{a}',
  ]) {
    assert.equal(resolve(text, scope), text);
    assert.deepEqual(referencesIn(text), []);
  }
});

test('own keys that look like traps are data', () => {
  const trap = JSON.parse('{"__proto__":{"admin":true},"constructor":"c"}') as Json;
  const values = scopeOf({ a: trap });
  assert.deepEqual(resolve('${a.__proto__.admin}', values), true);
  assert.equal(resolve('${a.constructor}', values), 'c');
  const copy = resolve(JSON.parse('{"__proto__":{"admin":"${a.constructor}"}}') as Json, values);
  assert.equal((copy as { admin?: unknown }).admin, undefined);
  assert.deepEqual(Object.keys(copy as object), ['__proto__']);
  assert.equal(({} as { admin?: unknown }).admin, undefined);
});

test('10,000 references in one text are read in one go', () => {
  const text = '${a.text}'.repeat(10_000);
  const begun = performance.now();
  assert.equal(referencesIn(text).length, 10_000);
  assert.equal((resolve(text, scope) as string).length, 20_000);
  assert.ok(performance.now() - begun < 500);
});

test('texts made to be slow are not', () => {
  const begun = performance.now();
  for (const text of [
    '${'.repeat(100_000),
    `\${a${'.b'.repeat(100_000)}!}`,
    '${a[0'.repeat(50_000),
  ]) {
    assert.throws(() => resolve(text, scope), { code: 'plan_invalid' });
  }
  resolve('$'.repeat(1_000_000), scope);
  assert.ok(performance.now() - begun < 1_000);
});

test('a large value that is named again and again is refused before it fills the memory', () => {
  const large = scopeOf({
    a: 'x'.repeat(1024 * 1024),
    b: Array.from({ length: 250_000 }, () => 123),
  });
  const times = RESOLVED_CHARS_MAX / (1024 * 1024);
  assert.equal((resolve('${a}'.repeat(times), large) as string).length, RESOLVED_CHARS_MAX);
  for (const template of [
    '${a}'.repeat(times + 1),
    Array.from({ length: times + 1 }, () => '${a}'),
    Array.from({ length: 20_000 }, () => '${b}'),
  ]) {
    assert.throws(() => resolve(template, large), { code: 'skill_input_invalid' });
  }
  const told = resolveWhatIsThere(
    Array.from({ length: times + 1 }, () => '${a}'),
    large,
  ) as Json[];
  assert.equal(told.at(-2), large.get('a'));
  assert.equal(told.at(-1), null);
});

test('what is told as far as it goes has null for what is missing', () => {
  assert.deepEqual(resolveWhatIsThere({ x: '${a.gone}', y: '<${b}>', z: '${a.text}' }, scope), {
    __proto__: null,
    x: null,
    y: '<null>',
    z: 'hi',
  });
});

const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,8}$/);
const anyName = fc.stringMatching(/^[^"\\\]}]{1,20}$/);
const reference = fc.record(
  { root: name, path: fc.array(fc.oneof(name, anyName, fc.nat(999_999)), { maxLength: 32 }) },
  { noNullPrototype: true },
);

test('a reference that is written out is read back as it was', () => {
  fc.assert(
    fc.property(reference, (one) => {
      assert.deepEqual(loneReference(formatReference(one)), one);
    }),
  );
});

test('a template without ${ resolves to itself, whatever the scope holds', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!JSON.stringify(value).includes('${'));
      assert.equal(JSON.stringify(resolve(value as Json, scope)), JSON.stringify(value));
    }),
  );
});

test('any value comes out of a lone reference unchanged, texts full of ${ included', () => {
  const hostile = fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.', '${a}') });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), hostile), (value) => {
      assert.deepEqual(resolve('${a}', scopeOf({ a: value as Json })), value);
    }),
  );
});

test('reading any text ends in references or in plan_invalid', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.', '[', '0', ']', '"') }),
      (text) => {
        try {
          referencesIn(text);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'plan_invalid');
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
