import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CLEAR, parkByHand, release, type Circuit, type Failure } from '@aos/core';
import type { Database } from '@aos/store';

import { createLedger } from './ledger.ts';
import { targetsOf } from './targets-of.ts';

const TARGET = 'http:a:443';
const how = { timeoutMs: 1_000 };
const failed = (code: Failure['code']) =>
  ({ outcome: 'failed', failure: { code, detail: '' } }) as const;

/** A run whose worker knows of this circuit, on a database that counts how often it is asked. */
function aRun(circuit: Circuit | undefined, heard: Circuit = CLEAR) {
  let statements = 0;
  let told = 0;
  const away = () => {
    statements++;
    return Promise.reject(new Error('The database is away.'));
  };
  const ledger = createLedger(() => {
    told++;
    return Promise.resolve(heard);
  });
  const targets = targetsOf(
    { tenant: 'default', runId: 'run_1' },
    {
      known: { circuit: () => circuit, learn: () => {} },
      ledger,
      database: { query: away, transaction: away } as unknown as Database,
      skills: { targetOf: () => TARGET },
    },
  );
  return { targets, statements: () => statements, told: () => told };
}

test('a step whose target works asks nobody, before and after', () => {
  const { targets, statements, told } = aRun(undefined);
  for (let n = 0; n < 1_000; n++) {
    const leave = targets.enter(TARGET, how);
    assert.ok(!(leave instanceof Promise) && leave.may === 'call', 'it need not even wait a turn');
    assert.equal(leave.left({ outcome: 'completed', output: null }), undefined);
    assert.equal(leave.left(failed('target_refused')), undefined);
  }
  assert.deepEqual([statements(), told()], [0, 0]);
});

test('what is known to be out costs nothing either', () => {
  const circuit = parkByHand(CLEAR, { by: 'Bo', reason: 'Maintenance' }, new Date());
  const { targets, statements } = aRun(circuit);
  assert.equal(targets.isClear(TARGET), false);
  const leave = targets.enter(TARGET, how);
  assert.ok(!(leave instanceof Promise) && leave.may === 'wait');
  assert.equal(leave.outage.failure.code, 'target_parked');
  assert.equal(statements(), 0);
});

test('a failure is told, and answers whether the target is out', async () => {
  const until = new Date(Date.now() + 60_000);
  const open: Circuit = { ...CLEAR, state: { kind: 'out', until } };
  for (const [heard, expected] of [
    [open, until],
    [CLEAR, undefined],
    [release(open, new Date()), undefined],
  ] as const) {
    const { targets, told } = aRun(undefined, heard);
    const leave = await targets.enter(TARGET, how);
    assert.ok(leave.may === 'call');
    const outage = await leave.left(failed('target_unreachable'));
    assert.deepEqual(outage?.until, expected);
    assert.equal(told(), 1);
  }
});

test('when the database does not say whether a ticket counts, the step waits on', async () => {
  const { targets, statements } = aRun(release(CLEAR, new Date()));
  const leave = await targets.enter(TARGET, { ...how, released: new Date() });
  assert.equal(leave.may, 'wait');
  assert.equal(statements(), 1);
});
