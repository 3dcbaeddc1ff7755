import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isReading } from './statement.ts';
import { columnNames } from './values.ts';

test('a statement is known by its first word, behind comments and brackets', () => {
  for (const sql of ['select', ' SELECT 1', '((select 1))', '--x\n/*/**/*/with x as', '\tShow x']) {
    assert.equal(isReading(sql), true, sql);
  }
  for (const sql of [
    '',
    ' ',
    'insert',
    'do $$',
    'selectx',
    '-- select',
    '/* select',
    '--\rset x',
    '*/ select',
    ';select',
  ]) {
    assert.equal(isReading(sql), false, sql);
  }
});

test('a long comment takes no long time', () => {
  const start = performance.now();
  assert.equal(isReading(`${'/*'.repeat(25_000)}select`), false);
  assert.equal(isReading(`${'--\n'.repeat(16_000)}select`), true);
  assert.ok(performance.now() - start < 1000);
});

test('equal column names are numbered', () => {
  assert.deepEqual(columnNames(['a', 'b', 'a', 'a', 'a_2']), ['a', 'b', 'a_2', 'a_3', 'a_2_2']);
});
