import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clean, cleanJson, inertJson, oneLine, oneLineJson } from './clean.ts';

const ESC = '\u001b';

test('sequences that a terminal obeys are taken out whole', () => {
  const cases: [string, string][] = [
    [`a${ESC}]52;c;cm0gLXJmIC8=\u0007b`, 'ab'],
    [`a${ESC}]0;title${ESC}\\b`, 'ab'],
    [`a\u009d52;c;eA==\u009cb`, 'ab'],
    [`a${ESC}P1;2|x${ESC}\\b`, 'ab'],
    [`a${ESC}[2J${ESC}[1;31mb${ESC}[0m`, 'ab'],
    [`a\u009b5Ab`, 'ab'],
    [`a${ESC}cb${ESC}(Bc`, 'abc'],
    [`a${ESC}]52;c;never ended`, 'a52;c;never ended'],
    ['a\b\b\u007fb\0c', 'abc'],
  ];
  for (const [text, expected] of cases) assert.equal(clean(text), expected, JSON.stringify(text));
});

test('marks that turn the reading direction or hide text are taken out', () => {
  assert.equal(clean('user\u202egnp.exe\u202c'), 'usergnp.exe');
  assert.equal(clean('\u2066a\u2069\u200e\u200f\u061c\ufeff\u200bb\u{e0041}'), 'ab');
});

test('letters of all scripts, joined emoji and line ends stay', () => {
  const text = 'Zażółć 漢字 नमस्ते 👩‍👩‍👧 مرحبا\nnext';
  assert.equal(clean(text), text);
  assert.equal(clean('a\r\nb\rc\u2028d\te'), 'a\nb\nc\nd  e');
  assert.equal(oneLine('  a\n\n b\t c '), 'a b c');
  assert.equal(clean('\ud800x'), '\ufffdx');
});

test('every text and every name of a value is cleaned', () => {
  const value = { [`k${ESC}[2J`]: [`v${ESC}[1A`, { n: 1, b: null }] };
  assert.deepEqual(cleanJson(value), { k: ['v', { n: 1, b: null }] });
  assert.deepEqual(oneLineJson({ a: 'b\nc' }), { a: 'b c' });
});

test('JSON text says the same and holds nothing that a terminal obeys', () => {
  const value = { text: `${ESC}]52;c;x\u0007 \u009b31m \u202e \u007f é 漢` };
  const text = inertJson(value);
  // oxlint-disable-next-line no-control-regex -- they must not be there
  assert.doesNotMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.deepEqual(JSON.parse(text), value);
});

test('a megabyte of beginnings without ends is cleaned in no time', () => {
  for (const start of [`${ESC}]`, '\u009d', `${ESC}[`, `${ESC}P;`, '\u009b1;']) {
    const began = performance.now();
    clean(start.repeat(1_000_000 / start.length));
    assert.ok(performance.now() - began < 2_000, JSON.stringify(start));
  }
});
