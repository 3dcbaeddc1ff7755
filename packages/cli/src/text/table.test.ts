import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';

import { styleOf } from './style.ts';
import { table } from './table.ts';
import { widthOf } from './width.ts';

const columns = [{ title: 'A' }, { title: 'LONG', flexible: true }, { title: 'END' }];
const rows = [
  ['漢字', 'short', 'x'],
  ['👩‍👩‍👧', 'a text that is far too long for the screen', 'y'],
  [{ text: 'plain', tone: 'red' as const }, '', 'z'],
];

test('columns line up under wide characters and emoji', () => {
  const lines = table(columns, rows, { columns: Infinity }, styleOf(false));
  const starts = lines.map((line) => widthOf(line) - 1);
  const ends = lines.map((line) => line.slice(-1));
  assert.deepEqual(ends, ['D', 'x', 'y', 'z']);
  assert.equal(new Set(starts.slice(1)).size, 1);
});

test('flexible columns give way until the table fits', () => {
  const lines = table(columns, rows, { columns: 30 }, styleOf(true)).map(stripVTControlCharacters);
  for (const line of lines) assert.ok(widthOf(line) <= 30, line);
  assert.match(lines[2] ?? '', /a text that.*… {2}y$/);
});
