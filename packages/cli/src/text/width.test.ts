import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fit, pad, widthOf, wrap } from './width.ts';

test('wide characters and emoji take two columns, marks none', () => {
  const cases: [string, number][] = [
    ['plain', 5],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['ｶﾅ', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['👍🏽', 2],
    ['❤️', 2],
    ['❤', 1],
    ['1️⃣', 2],
    ['🫠', 2],
    ['✓ ✗ … ⏸', 7],
    ['', 0],
    ['\u200d', 0],
  ];
  for (const [text, width] of cases) assert.equal(widthOf(text), width, text);
});

test('a cut text is never wider than asked and never cuts a character in two', () => {
  assert.equal(fit('abcdef', 6), 'abcdef');
  assert.equal(fit('abcdef', 4), 'abc…');
  assert.equal(fit('漢字漢字', 5), '漢字…');
  assert.equal(fit('漢字漢字', 4), '漢…');
  assert.equal(fit('👩‍👩‍👧👩‍👩‍👧', 3), '👩‍👩‍👧…');
  assert.equal(fit('abc', 1), '…');
  assert.equal(fit('abc', 0), '');
  for (let columns = 0; columns < 12; columns++) {
    assert.ok(widthOf(fit('a漢👩‍👩‍👧b字🇩🇪', columns)) <= columns);
  }
});

test('padding counts columns, not characters', () => {
  assert.equal(pad('漢', 4), '漢  ');
  assert.equal(pad('abc', 2), 'abc');
});

test('lines are broken between words, and inside one only when it is too long', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('abcdefgh', 3), ['abc', 'def', 'gh']);
  assert.deepEqual(wrap('a 漢字漢字', 5), ['a', '漢字', '漢字']);
  assert.deepEqual(wrap('a\n\nb', 10), ['a', '', 'b']);
  assert.deepEqual(wrap('one two', Infinity), ['one two']);
});
