import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { AosError, type RunEvent } from '@aos/core';

import type { RunHistory } from './check.ts';
import { checkRun } from './check-history.ts';
import { effectIntent } from './checks/effect-intent.ts';
import { effectKeys } from './checks/effect-keys.ts';
import { effectUnkeyed } from './checks/effect-unkeyed.ts';
import { parseEffect, readEffects, type Effect } from './effect.ts';

const ALL = [effectIntent, effectKeys, effectUnkeyed];
const RUN = 'run_019aaf3c-0000-7000-8000-000000000000';

function started(attempt: number, step = 'post'): RunEvent {
  return { type: 'step.started', step, skill: 'post', attempt, effect: 'unkeyed' };
}

/** A history of these events, one a second. */
function aHistory(...events: readonly RunEvent[]): RunHistory {
  return {
    now: new Date(60_000),
    run: { id: RUN } as RunHistory['run'],
    events: events.map((event, seq) => ({ seq, epoch: 1, at: new Date(seq * 1_000), event })),
    steps: [],
    plans: [],
    approvals: [{ id: 'apr_1', kind: 'review', decision: 'approve' } as RunHistory['approvals'][0]],
    offers: new Map(),
  };
}

function anEffect(effect: Partial<Effect> = {}): Effect {
  return { at: 10_000, run: RUN, step: 'post', applied: true, class: 'keyed', key: 'k', ...effect };
}

function found(history: RunHistory, ...effects: readonly Effect[]): string[] {
  return [...checkRun(history, effects, ALL, 0)].map(({ invariant }) => invariant);
}

describe('what was done outside', () => {
  it('is sound when it was announced, keyed and done once', () => {
    const history = aHistory(started(1), started(2));
    assert.deepEqual(found(history, anEffect(), anEffect({ at: 11_000, applied: false })), []);
  });

  it('breaks I6 when nobody announced it, or only later', () => {
    assert.deepEqual(found(aHistory(), anEffect()), ['I6']);
    assert.deepEqual(found(aHistory(started(1)), anEffect({ at: -1 })), ['I6']);
    assert.deepEqual(found(aHistory(started(1)), anEffect({ attempt: 2 })), ['I6']);
    const twice = [anEffect(), anEffect({ at: 11_000, applied: false })];
    assert.deepEqual(found(aHistory(started(1)), ...twice), ['I6']);
  });

  it('needs no announcement where it only reads', () => {
    const { key: _key, ...reading } = anEffect({ class: 'read' });
    assert.deepEqual(found(aHistory(), reading, reading), []);
  });

  it('breaks I7 when a key is missing, changes, is shared, or does not keep it from happening again', () => {
    const history = aHistory(started(1), started(2), started(1, 'other'));
    const { key: _key, ...keyless } = anEffect();
    assert.deepEqual(found(history, keyless), ['I7']);
    assert.deepEqual(found(history, anEffect(), anEffect({ key: 'l' })), ['I7']);
    assert.deepEqual(found(history, anEffect(), anEffect({ applied: false, step: 'other' })), [
      'I7',
    ]);
    assert.deepEqual(found(history, anEffect(), anEffect()), ['I7']);
  });

  it('breaks I8 when what nobody can tell apart happens more often than a human allowed', () => {
    const unkeyed = anEffect({ class: 'unkeyed' });
    const leave: RunEvent = {
      type: 'approval.decided',
      step: 'post',
      approvalId: 'apr_1',
      decision: 'approve',
      by: 'human',
    };
    assert.deepEqual(found(aHistory(started(1), started(2)), unkeyed, unkeyed), ['I8']);
    assert.deepEqual(found(aHistory(started(1), leave, started(2)), unkeyed, unkeyed), []);
    const thrice = [unkeyed, unkeyed, unkeyed];
    assert.deepEqual(found(aHistory(started(1), leave, started(2), started(3)), ...thrice), ['I8']);
  });
});

describe('an effects log', () => {
  it('is a JSON object a line, and is read by run in the order of time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aos-effects-'));
    try {
      const file = join(folder, 'effects.ndjson');
      const line = (t: number | string) =>
        JSON.stringify({ t, run: RUN, step: 'post', key: 'k', applied: true, class: 'keyed' });
      writeFileSync(file, `${line(2_000)}\n\n${line('1970-01-01T00:00:01Z')}\n`);
      const effects = await readEffects(file);
      assert.deepEqual(
        effects.get(RUN)?.map(({ at }) => at),
        [1_000, 2_000],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names the line and what is wrong with it', () => {
    const whole = { t: 0, run: RUN, step: 'a', applied: true };
    const wrong: [object | string, RegExp][] = [
      ['{', /no JSON/],
      ['[]', /not an object/],
      [{ ...whole, t: 'yesterday' }, /t must be a time/],
      [{ ...whole, run: 'x' }, /run must be/],
      [{ ...whole, step: 1 }, /step must be/],
      [{ ...whole, applied: 'yes' }, /applied must be/],
      [{ ...whole, class: 'magic' }, /class must be one of pure, read/],
    ];
    for (const [value, message] of wrong) {
      const line = typeof value === 'string' ? value : JSON.stringify(value);
      assert.throws(
        () => parseEffect(line, 'effects, line 7'),
        (error) =>
          error instanceof AosError &&
          error.code === 'invalid_request' &&
          error.message.startsWith('effects, line 7') &&
          message.test(error.message),
        line,
      );
    }
  });
});
