import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AosError } from '@aos/core';
import { deadlock } from '@aos/testing';

import type { Claim } from './claims.ts';
import { takeSurely } from './take-surely.ts';
import { systemTime } from './time.ts';

const away = () => new AosError('database_unavailable', 'The answer was lost.');
const claims = [
  { uuid: 'a', epoch: 1 },
  { uuid: 'b', epoch: 4 },
] as Claim[];
const time = { ...systemTime, pause: () => Promise.resolve() };

/** Takes with an answer that is lost, and looks up with what the test says. */
function lossy(epochs: () => Promise<ReadonlyMap<string, number>>, lost?: AbortSignal) {
  return takeSurely(
    {
      take: (found) => {
        found(claims);
        return Promise.reject(away());
      },
      epochs,
    },
    { time, ...(lost && { lost }) },
  );
}

test('when the answer is lost, what stands is found out, and the rest is left to others', async () => {
  const taken = await lossy(() =>
    Promise.resolve(
      new Map([
        ['a', 2],
        ['b', 4],
      ]),
    ),
  );
  assert.deepEqual(taken, [claims[1]]);
});

test('a lookup that fails for now is made again, whatever the cause', async () => {
  const errors = [away(), deadlock(), away()];
  const taken = await lossy(() => {
    const error = errors.shift();
    return error ? Promise.reject(error) : Promise.resolve(new Map([['a', 1]]));
  });
  assert.deepEqual(taken, [claims[0]]);
});

test('once the lease is lost nothing is looked up any more', async () => {
  const lost = new AbortController();
  const taken = await lossy(() => {
    lost.abort();
    return Promise.reject(away());
  }, lost.signal);
  assert.deepEqual(taken, []);
});

test('an error that says that nothing stands is passed on', async () => {
  const refused = takeSurely(
    { take: () => Promise.reject(away()), epochs: () => Promise.resolve(new Map()) },
    { time },
  );
  await assert.rejects(refused, { code: 'database_unavailable' });
});
