import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createDatabaseStrain } from './database-strain.ts';
import { createDrainRate } from './drain-rate.ts';
import { createQueueAccounts } from './queue-accounts.ts';
import { createReturning } from './returning.ts';

const depth = (tenant: string, queued: number, weight = 1, ready = queued) => ({
  tenant,
  queued,
  ready,
  weight,
  waitedS: 0,
});

test('a run counts from the moment it is let in until a count of the database has it', () => {
  const accounts = createQueueAccounts();
  accounts.open('a');
  accounts.open('a');
  accounts.open('b');
  assert.deepEqual([accounts.of('a'), accounts.total()], [2, 3]);
  accounts.settle('a', true);
  accounts.settle('b', false);
  assert.deepEqual([accounts.of('a'), accounts.of('b'), accounts.total()], [2, 0, 2]);

  accounts.begin();
  assert.equal(accounts.of('a'), 2, 'nothing is forgotten before the count is there');
  accounts.open('a');
  accounts.settle('a', true);
  accounts.counted([depth('a', 10)]);
  assert.equal(accounts.of('a'), 12, 'one under way then, one stored while it was counted');

  accounts.begin();
  accounts.settle('a', true);
  accounts.begin();
  accounts.counted([depth('a', 20)]);
  assert.equal(accounts.of('a'), 20, 'a count that failed in between changes nothing');
});

test('the shares go by the weights of those that have runs to start', () => {
  const accounts = createQueueAccounts();
  assert.equal(accounts.standingOf('a').share, 1);
  accounts.begin();
  accounts.counted([depth('a', 5), depth('b', 5, 3), depth('later', 5, 1, 0), depth('none', 0, 2)]);
  assert.deepEqual(accounts.standingOf('a'), {
    queued: 5,
    queuedInAll: 15,
    tenants: 2,
    share: 0.25,
  });
  assert.equal(accounts.standingOf('none').share, 2 / 6, 'with the weight it would have');
  assert.equal(accounts.standingOf('new').share, 1 / 5);
});

test('the strain of the database follows what storing takes, and what a probe that is silent says', () => {
  const strain = createDatabaseStrain();
  for (let second = 1; second <= 10; second++) {
    strain.stored(90);
    strain.stored(110);
    strain.tick(second * 1_000);
  }
  assert.ok(Math.abs(strain.latencyMs() - 100) < 1);
  strain.asked(10_000);
  for (let second = 11; second <= 16; second++) strain.tick(second * 1_000);
  assert.ok(strain.latencyMs() > 4_000, `${strain.latencyMs()}`);
  strain.answered(16_000);
  for (let second = 17; second <= 40; second++) {
    strain.asked(second * 1_000);
    strain.answered(second * 1_000 + 1);
    strain.tick(second * 1_000 + 2);
  }
  assert.ok(strain.latencyMs() < 10, 'without any run, it is known that it is over');
});

test('the drain rate is that of the last minute or of its last quarter, and unknown at first', () => {
  const drain = createDrainRate();
  drain.saw(1_000, 0);
  assert.equal(drain.perS(), undefined);
  drain.saw(1_050, 5_000);
  assert.equal(drain.perS(), 10);
  drain.saw(1_050, 30_000);
  drain.saw(1_650, 45_000);
  assert.equal(drain.perS(), 40, 'it is quicker now than over all');
  for (let second = 46; second <= 90; second++) drain.saw(1_650, second * 1_000);
  assert.equal(drain.perS(), 10, 'nothing lately, but within the minute');
  for (let second = 91; second <= 120; second++) drain.saw(1_650, second * 1_000);
  assert.equal(drain.perS(), 0);
});

test('those told to come back are forgotten as the queue drains, each tenant by its share', () => {
  const returning = createReturning();
  for (let n = 0; n < 10; n++) returning.add('a');
  for (let n = 0; n < 10; n++) returning.add(undefined);
  returning.tick(4, () => ({ share: 0.25 }));
  assert.deepEqual([returning.of('a'), returning.of('b'), returning.ofAll()], [9, 0, 6]);
  returning.tick(100, () => ({ share: 0.25 }));
  assert.deepEqual([returning.of('a'), returning.ofAll()], [0, 0]);
});
