import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCondition } from './condition.ts';
import type { Value } from './runbook.ts';

const known = new Map<string, Value | undefined>([
  ['pool', 0],
  ['queued', 120],
  ['state', 'ok'],
  ['gone', null],
  ['limit', '100'],
  ['moved', true],
  ['unread', undefined],
]);
const verdict = (source: string) => parseCondition(source).holds(known);

test('values are compared, and joined by and, or, not and brackets', () => {
  const cases: readonly (readonly [string, boolean | undefined])[] = [
    ['pool == 0', true],
    ['pool != 0', false],
    ['queued >= 120 and queued <= 120', true],
    ['queued > limit', true],
    ['queued < 7 or pool < 1', true],
    ["state == 'ok' and not (queued < 100)", true],
    ['gone == none', true],
    ['gone < 1', false],
    ['moved == true', true],
    ['pool == -1.5', false],
    ["state > 'a'", false],
  ];
  for (const [source, holds] of cases) assert.equal(verdict(source), holds, source);
});

test('what could not be read decides nothing, unless the rest does', () => {
  assert.equal(verdict('unread == 0'), undefined);
  assert.equal(verdict('not (unread == 0)'), undefined);
  assert.equal(verdict('unread == 0 or pool == 0'), true);
  assert.equal(verdict('unread == 0 and pool == 1'), false);
  assert.equal(verdict('nobody == none'), undefined);
});

test('and binds tighter than or', () => {
  assert.equal(verdict('pool == 0 or pool == 1 and pool == 2'), true);
  assert.equal(verdict('(pool == 0 or pool == 1) and pool == 2'), false);
});

test('the names are told, and what is no condition is refused with a sentence', () => {
  assert.deepEqual(parseCondition('a == b or a < 2').names, ['a', 'b']);
  for (const [source, sentence] of [
    ['pool', /After a value comes/],
    ['pool == ', /A value is missing at the end/],
    ['pool == 0 queued', /"queued" is too much/],
    ['(pool == 0', /bracket is not closed/],
    ['pool = 0', /"\s*= 0" is no part/],
    ['and == 1', /A value is missing before "and"/],
    ['process.exit(1)', /no part of a condition/],
  ] as const) {
    assert.throws(() => parseCondition(source), sentence);
  }
});
