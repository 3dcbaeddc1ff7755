import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AosError, failureOf, failures, isFailureCode } from './failures.ts';

const entries = Object.entries(failures);

test('every failure has a code, a category and one sentence of meaning', () => {
  assert.ok(entries.length >= 50);
  for (const [code, { category, meaning }] of entries) {
    assert.match(code, /^[a-z][a-z_]{2,40}$/);
    assert.match(meaning, /^[A-Z].*\.$/, code);
    assert.ok(meaning.length <= 160, code);
    assert.ok(
      ['request', 'plan', 'skill', 'target', 'limit', 'policy', 'system'].includes(category),
      code,
    );
  }
  assert.equal(new Set(entries.map(([, { meaning }]) => meaning)).size, entries.length);
});

test('what is wrong with a plan, or not allowed, does not pass by waiting', () => {
  for (const [code, { category, retryable }] of entries) {
    if (category === 'plan' || category === 'policy') assert.equal(retryable, false, code);
    if (code.endsWith('_not_found') || code.endsWith('_refused'))
      assert.equal(retryable, false, code);
    if (category === 'policy') assert.match(code, /refused|rejected/);
    const asked = code.endsWith('_not_found');
    if (code.startsWith('target_') && !asked && category !== 'target') assert.fail(code);
    if (code.startsWith('plan_') && !['plan', 'request'].includes(category)) assert.fail(code);
  }
});

test('an unknown outcome is never retried by a machine', () => {
  assert.equal(failures.outcome_unknown.retryable, false);
  assert.equal(failures.internal.retryable, false);
});

test('an error nobody named keeps its text out of the record', () => {
  const leak = new Error('connect to postgres://user:secret@host failed');
  assert.deepEqual(failureOf(leak), { code: 'internal', detail: failures.internal.meaning });
  assert.deepEqual(failureOf('secret', 'skill_crashed'), {
    code: 'skill_crashed',
    detail: failures.skill_crashed.meaning,
  });
});

test('a named error is stored with all it says, and its cause stays behind', () => {
  const cause = new Error('secret');
  const problems = [{ pointer: '#/a', detail: 'is wrong' }];
  const error = new AosError('target_overloaded', 'Come back.', {
    cause,
    problems,
    retryAfterMs: 0,
  });
  assert.equal(error.cause, cause);
  assert.deepEqual(failureOf(error), {
    code: 'target_overloaded',
    detail: 'Come back.',
    problems,
    retryAfterMs: 0,
  });
  assert.deepEqual(failureOf(new AosError('internal', 'x')), { code: 'internal', detail: 'x' });
});

test('codes are told from words', () => {
  assert.ok(isFailureCode('internal'));
  for (const word of ['toString', '__proto__', 'constructor', '', 7, null])
    assert.ok(!isFailureCode(word));
});
