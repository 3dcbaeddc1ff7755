import assert from 'node:assert/strict';
import { globSync } from 'node:fs';

import { chaos } from '../chaos.ts';
import { assertSound, type Scenario } from '../scenario.ts';

const HOUR_MS = 3_600_000;

function faketime(): string | undefined {
  return globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];
}

export const f18: Scenario = {
  name: 'F18',
  what: 'the clock of a worker is an hour ahead, that of another one an hour behind',
  passLine:
    'no worker is taken for dead for it: leases use the clock of the database and their own',
  missing: () =>
    faketime() === undefined
      ? 'the library of `faketime` is missing (apt-get install faketime)'
      : undefined,
  async run({ seed, say }) {
    const result = await chaos({
      seed,
      say,
      durationMs: 15_000,
      faults: [{ name: 'nothing', strike: async () => ({ at: Date.now(), held: [] }) }],
      clockToleranceMs: 2 * HOUR_MS,
      world: { workers: 1, proxied: false },
      async meanwhile(world) {
        await world.fleet.add(await world.place('worker', skewed('+1h')));
        await world.fleet.add(await world.place('worker', skewed('-1h')));
      },
    });
    assertSound(result, { runs: 10, hits: 0 });
    assert.equal(result.workersLost, 0, 'false takeovers');
  },
};

function skewed(offset: string) {
  return {
    env: {
      LD_PRELOAD: faketime() ?? '',
      FAKETIME: offset,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  };
}
