import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Failure } from './failures.ts';
import {
  admits,
  allowance,
  CLEAR,
  hear,
  mayProbe,
  parkByHand,
  probe,
  rampAt,
  release,
  tick,
  tryAgainAt,
  verdictOf,
  type Circuit,
  type Heard,
} from './target.ts';

const T0 = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(T0 + ms);

const unreachable: Failure = { code: 'target_unreachable', detail: 'Nobody listens.' };
const busy: Failure = { code: 'target_overloaded', detail: 'It is busy.', retryAfterMs: 30_000 };
const broken: Failure = { code: 'target_failed', detail: 'It answered 500.' };

function failing(failure: Failure, runs: number, more: Partial<Heard> = {}): Heard {
  const failed = Array.from({ length: runs }, (_, n) => ({ runId: `run_${n}`, failure }));
  return { answered: 0, failed, ...more };
}

function outOf(circuit: Circuit): Circuit {
  assert.equal(circuit.state.kind, 'out');
  return circuit;
}

/** What was out is tried, and the step that tries has begun. */
function probing(circuit: Circuit, ms: number): Circuit {
  assert.equal(allowance(circuit, at(ms)), 1);
  const next = tick(circuit, { tickets: 1, waiting: 4 }, at(ms));
  assert.equal(admits(next, at(ms)), 'probe');
  return probe(next, 1_000, at(ms));
}

test('a Retry-After opens at once, for as long as was asked', () => {
  const circuit = outOf(hear(CLEAR, failing(busy, 1), at(0)));
  assert.deepEqual(tryAgainAt(circuit), at(30_000));
  assert.deepEqual(circuit.outSince, at(0));
  assert.equal(circuit.failure?.code, 'target_overloaded');
  assert.equal(mayProbe(circuit, at(29_999)), false);
  assert.equal(mayProbe(circuit, at(30_000)), true);
});

test('a longer Retry-After of a call that was under way counts, a shorter one does not', () => {
  const circuit = hear(CLEAR, failing(busy, 1), at(0));
  const longer = { ...busy, retryAfterMs: 50_000 };
  assert.deepEqual(tryAgainAt(hear(circuit, failing(longer, 1), at(1))), at(50_001));
  const shorter = { ...busy, retryAfterMs: 10 };
  assert.deepEqual(tryAgainAt(hear(circuit, failing(shorter, 1), at(1))), at(30_000));
  const years = { ...busy, retryAfterMs: 1e12 };
  assert.deepEqual(tryAgainAt(hear(CLEAR, failing(years, 1), at(0))), at(86_400_000));
});

test('five failures of three runs within ten seconds open, fewer do not', () => {
  assert.equal(hear(CLEAR, failing(unreachable, 4), at(0)).state.kind, 'clear');
  outOf(hear(CLEAR, failing(unreachable, 5), at(0)));

  const one = failing(unreachable, 1);
  let circuit = CLEAR;
  for (let n = 0; n < 20; n++) circuit = hear(circuit, one, at(n));
  assert.equal(circuit.state.kind, 'clear', 'one run alone is no outage');

  circuit = hear(CLEAR, failing(unreachable, 4), at(0));
  assert.equal(hear(circuit, failing(unreachable, 4), at(10_000)).state.kind, 'clear', 'too old');
  outOf(hear(circuit, failing(unreachable, 4), at(9_000)));
});

test('a target that mostly answers does not open, however many calls fail', () => {
  assert.equal(hear(CLEAR, failing(unreachable, 40, { answered: 11 }), at(0)).state.kind, 'clear');
  outOf(hear(CLEAR, failing(unreachable, 40, { answered: 10 }), at(0)));
});

test('server errors may be the fault of a request: it takes twenty of them', () => {
  assert.equal(hear(CLEAR, failing(broken, 19), at(0)).state.kind, 'clear');
  outOf(hear(CLEAR, failing(broken, 20), at(0)));
});

test('the rest doubles each time the one that tries fails, up to a minute', () => {
  let circuit = hear(CLEAR, failing(unreachable, 5), at(0));
  const rests: number[] = [];
  let now = 0;
  for (let n = 0; n < 8; n++) {
    const until = tryAgainAt(circuit)?.getTime() ?? 0;
    rests.push(until - T0 - now);
    now = until - T0;
    circuit = hear(probing(circuit, now), failing(unreachable, 1, { probe: 'failed' }), at(now));
  }
  assert.deepEqual(rests, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  assert.equal(circuit.failed, 13);
  assert.deepEqual(circuit.outSince, at(0), 'it is one outage');
});

test('one step tries at a time, and another one when nothing is heard of it', () => {
  const out = hear(CLEAR, failing(unreachable, 5), at(0));
  const circuit = probing(out, 2_000);
  assert.equal(admits(circuit, at(2_000)), 'wait', 'its ticket is used');
  assert.equal(mayProbe(circuit, at(7_999)), false);
  assert.equal(mayProbe(circuit, at(8_000)), true, 'its limit and 5 s are over');

  const given = tick(out, { tickets: 1, waiting: 4 }, at(2_000));
  assert.equal(allowance(given, at(2_001)), 0);
  assert.equal(admits(given, at(1_999)), 'wait', 'a ticket of an earlier time is void');
  assert.equal(allowance(given, at(11_999)), 0);
  assert.equal(allowance(given, at(12_000)), 1, 'no worker took it');
});

test('only the one that tries decides; one that never got as far is followed by the next', () => {
  const circuit = probing(hear(CLEAR, failing(unreachable, 5), at(0)), 2_000);
  assert.equal(hear(circuit, failing(unreachable, 9), at(2_100)), circuit);
  const undecided = hear(circuit, { answered: 0, failed: [], probe: 'undecided' }, at(2_100));
  assert.equal(mayProbe(undecided, at(2_100)), true);
  const back = hear(circuit, { answered: 1, failed: [], probe: 'answered' }, at(2_100));
  assert.equal(back.state.kind, 'releasing');
});

test('who waited goes on along the ramp, and the last one ends the outage', () => {
  let circuit = release(hear(CLEAR, failing(unreachable, 5), at(0)), at(0));
  let waiting = 300;
  for (let ms = 0; waiting > 0; ms += 170) {
    const tickets = Math.min(waiting, allowance(circuit, at(ms)));
    waiting -= tickets;
    circuit = tick(circuit, { tickets, waiting }, at(ms));
    assert.ok(300 - waiting <= rampAt(ms), `${300 - waiting} after ${ms} ms`);
    assert.ok(ms < 12_000);
  }
  assert.equal(rampAt(2_000), 11);
  assert.equal(rampAt(4_000), 31);
  const none = { tickets: 0, waiting: 0 };
  assert.equal(tick(circuit, none, at(12_000)), CLEAR);
  const early = tick(release(circuit, at(0)), none, at(1_999));
  assert.equal(early.state.kind, 'releasing', 'some may be on their way into the wait');
  const held = tick(release(circuit, at(0)), { tickets: 0, waiting: 1 }, at(9_000));
  assert.equal(held.state.kind, 'releasing', 'one cannot be had just now');
});

test('what fails again while it is released rests again, longer', () => {
  const circuit = release(hear(CLEAR, failing(unreachable, 5), at(0)), at(2_000));
  assert.equal(admits(circuit, at(2_000)), 'call');
  assert.equal(hear(circuit, failing(unreachable, 4), at(3_000)).state.kind, 'releasing');
  const again = outOf(hear(circuit, failing(unreachable, 5), at(3_000)));
  assert.deepEqual(tryAgainAt(again), at(7_000));
  assert.equal(admits(again, at(2_000)), 'wait', 'tickets are void');
});

test('parked by hand, nobody calls it until it is released, or until the time given', () => {
  const order = { by: 'Bo', reason: 'Maintenance' };
  const parked = parkByHand(CLEAR, order, at(0));
  assert.equal(mayProbe(parked, at(1e12)), false);
  assert.equal(parked.failure?.detail, 'Bo parked it: Maintenance');
  assert.equal(hear(parked, failing(busy, 9), at(1)).state.kind, 'parked');
  assert.equal(release(parked, at(5)).by, undefined);
  const timed = parkByHand(CLEAR, { ...order, until: at(60_000) }, at(0));
  assert.equal(mayProbe(timed, at(59_999)), false);
  assert.equal(mayProbe(timed, at(60_000)), true);
});

test('what nobody asks for is forgotten in the end', () => {
  const out = hear(CLEAR, failing(unreachable, 5), at(0));
  const none = { tickets: 0, waiting: 0 };
  assert.equal(tick(out, none, at(302_000)), out);
  assert.equal(tick(out, none, at(302_001)), CLEAR);
  assert.equal(tick(out, { tickets: 0, waiting: 1 }, at(400_000)), out);
});

function verdictOn(code: Failure['code']) {
  return verdictOf({ outcome: 'failed', failure: { code, detail: '' } });
}

test('a refusal is an answer; what was never sent says nothing', () => {
  assert.equal(verdictOf({ outcome: 'completed', output: null }), 'answered');
  assert.equal(verdictOn('target_refused'), 'answered');
  assert.equal(verdictOn('response_too_large'), 'answered');
  assert.equal(verdictOn('target_timed_out'), 'failed');
  assert.equal(verdictOn('skill_input_invalid'), 'undecided');
  assert.equal(verdictOn('cancelled'), 'undecided');
});
