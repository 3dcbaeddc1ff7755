import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Json } from '@aos/core';

import { styleOf } from '../text/style.ts';
import { outputLines } from './output.ts';

const lines = (value: Json, linesMax = 100) =>
  outputLines(value, { columns: 40, style: styleOf(false), linesMax, more: 'See all.' });

test('headings become an outline, texts become paragraphs', () => {
  const headings = [
    { level: 2, text: 'Top' },
    { level: 3, text: 'Inner' },
    { level: 2, text: '' },
  ];
  const summary = 'A text that is longer than the line is and is therefore wrapped.';
  assert.deepEqual(lines({ headings, summary }), [
    'Headings',
    '  - Top',
    '    - Inner',
    '  - (empty)',
    '',
    'Summary',
    '  A text that is longer than the line is',
    '  and is therefore wrapped.',
  ]);
});

test('links, tables and plain lists each have their form', () => {
  assert.deepEqual(lines([{ text: 'Home', url: 'https://x.test' }]), ['- Home <https://x.test>']);
  assert.deepEqual(lines({ headers: ['N', 'Name'], rows: [[1, 'Ada']] }), ['N  Name', '1  Ada']);
  assert.deepEqual(lines(['a', 2, null]), ['- a', '- 2', '- (nothing)']);
  assert.deepEqual(
    lines({ a: { b: { c: { d: { e: 1 } } } } })
      .at(-1)
      ?.trim(),
    '{"e":1}',
  );
  assert.deepEqual(lines({ done: true, none: null, list: [] }), [
    'Done: true',
    'None: (nothing)',
    '',
    'List',
    '  (none)',
  ]);
});

test('a long output ends with how to see all of it', () => {
  const shown = lines(
    Array.from({ length: 500 }, (_, index) => index),
    10,
  );
  assert.equal(shown.length, 11);
  assert.equal(shown.at(-1), '… 490 more lines. See all.');
});
