import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { temporaryFolder } from './aos.fixture.ts';
import { readJson, readObject } from './read-json.ts';

const here = '/';

test('name=value keeps the type of JSON, and anything else is text', () => {
  assert.deepEqual(
    readObject(['n=3', 'ok=true', 'text=hello world', 'list=[1,2]', 'zip="007"'], here, '--input'),
    { n: 3, ok: true, text: 'hello world', list: [1, 2], zip: '007' },
  );
  assert.deepEqual(
    readObject(['id=12345678901234567890', 'phone=+49', 'empty='], here, '--input'),
    {
      id: '12345678901234567890',
      phone: '+49',
      empty: '',
    },
  );
  assert.deepEqual(readObject(['url=https://x.test/?a=b'], here, '--input'), {
    url: 'https://x.test/?a=b',
  });
});

test('files, JSON text and pairs are one object; the later ones win', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'in.json'), '\ufeff{"a": 1, "b": 2}');
  assert.deepEqual(readObject(['@in.json', '{"b": 3}', 'c=4'], folder.path, '--input'), {
    a: 1,
    b: 3,
    c: 4,
  });
});

test('a name such as __proto__ is data', () => {
  const object = readObject(['__proto__=x'], here, '--input');
  assert.ok(Object.hasOwn(object, '__proto__'));
});

test('what cannot be read is named', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'bad.json'), '{"a": }');
  const cases: [string, RegExp][] = [
    ['@none.json', /--plan: none\.json cannot be read \(ENOENT\)/],
    ['@bad.json', /--plan bad\.json is no JSON: .*JSON/],
    ['@.', /cannot be read \(EISDIR\)/],
    ['{', /--plan is no JSON/],
  ];
  for (const [source, expected] of cases) {
    assert.throws(() => readJson(source, folder.path, '--plan'), expected);
  }
  assert.throws(() => readObject(['[1]'], here, '--input'), /needs an object/);
});
