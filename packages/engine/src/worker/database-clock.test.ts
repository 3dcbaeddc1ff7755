import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createDatabaseClock } from './database-clock.ts';
import { realTime } from './real-time.fixture.ts';

const START = Date.UTC(2026, 0, 1);

function aClock() {
  const local = { ms: 1_000 };
  const clock = createDatabaseClock({ ...realTime, monotonicMs: () => local.ms });
  return { local, clock, shows: () => clock.now().getTime() - START };
}

test('it shows the time of the database, and goes on by the local clock', () => {
  const { local, clock, shows } = aClock();
  assert.throws(() => clock.now(), /not known/);
  clock.align(new Date(START), 990, 1_010);
  assert.equal(shows(), 0);
  local.ms += 5_000;
  assert.equal(shows(), 5_000);
});

test('it is moved by what proves it wrong, and by nothing else', () => {
  const { local, clock, shows } = aClock();
  clock.align(new Date(START), 990, 1_010);
  local.ms = 2_000;
  clock.align(new Date(START + 1_050), 1_900, 2_100);
  assert.equal(shows(), 1_000, 'within what the round trip leaves open');
  clock.align(new Date(START + 1_500), 1_990, 2_000);
  assert.equal(shows(), 1_500);
});
