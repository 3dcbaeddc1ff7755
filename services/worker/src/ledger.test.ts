import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CLEAR, type Circuit, type Heard } from '@aos/core';

import { createLedger } from './ledger.ts';

const id = { tenant: 'default', target: 'http:a:443' };
const turn = () => new Promise((resolve) => setImmediate(resolve));
const failure = { code: 'target_unreachable', detail: 'Nobody listens.' } as const;

/** A ledger whose tellings end when the test says so. */
function aLedger(now?: () => number) {
  const told: Heard[] = [];
  const ends: ((circuit: Circuit | Error) => void)[] = [];
  const ledger = createLedger((_id, heard) => {
    told.push(heard);
    return new Promise((resolve, reject) => {
      ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
    });
  }, now);
  return { ledger, told, ends };
}

test('answers are counted and told with the next failure, once', async () => {
  const { ledger, told, ends } = aLedger();
  for (let n = 0; n < 5; n++) ledger.answered(id);
  await turn();
  assert.equal(told.length, 0, 'an answer alone tells nobody');
  const first = ledger.failed(id, { runId: 'run_1', failure }, false);
  await turn();
  assert.deepEqual(told, [{ answered: 5, failed: [{ runId: 'run_1', failure }] }]);
  ends[0]?.(CLEAR);
  assert.equal(await first, CLEAR);
  void ledger.failed(id, { runId: 'run_2', failure }, false);
  await turn();
  assert.equal(told[1]?.answered, 0);
});

test('answers of long ago say nothing', async () => {
  let now = 0;
  const { ledger, told } = aLedger(() => now);
  ledger.answered(id);
  now = 10_001;
  void ledger.failed(id, { runId: 'run_1', failure }, false);
  await turn();
  assert.equal(told[0]?.answered, 0);
});

test('hundreds of failures at once are two tellings: the first, and what came meanwhile', async () => {
  const { ledger, told, ends } = aLedger();
  const all = [ledger.failed(id, { runId: 'run_0', failure }, false)];
  await turn();
  for (let n = 1; n < 300; n++)
    all.push(ledger.failed(id, { runId: `run_${n}`, failure }, n === 9));
  await turn();
  assert.equal(told.length, 1);
  ends[0]?.(CLEAR);
  await turn();
  assert.equal(told.length, 2);
  assert.equal(told[1]?.failed.length, 299);
  assert.equal(told[1]?.probe, 'failed');
  const open: Circuit = { ...CLEAR, state: { kind: 'out', until: new Date(1) } };
  ends[1]?.(open);
  assert.deepEqual(await Promise.all(all), [CLEAR, ...Array.from({ length: 299 }, () => open)]);
});

test('a telling that fails is told to who waits for it, and does not stop the next', async () => {
  const { ledger, told, ends } = aLedger();
  const lost = ledger.failed(id, { runId: 'run_1', failure }, false);
  await turn();
  const next = ledger.probed(id, 'answered');
  ends[0]?.(new Error('The database is away.'));
  await assert.rejects(lost, /away/);
  await turn();
  assert.deepEqual(told[1], { answered: 0, failed: [], probe: 'answered' });
  ends[1]?.(CLEAR);
  assert.equal(await next, CLEAR);
});
