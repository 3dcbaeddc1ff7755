import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { chaos, told, type ChaosResult } from './chaos.ts';
import { cutConnections, killDatabase, restartDatabase } from './faults/database.ts';
import { killApi, killWorker, pauseWorker } from './faults/processes.ts';
import { lostAnswers } from './faults/wire.ts';
import { payingPlan } from './plans.ts';
import { mutants, type MutantName } from './mutants.ts';

const SEED = 20_261_125;

test('a minute of chaos loses nothing, repeats nothing and guesses nothing', async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const result = await chaos({
    seed: SEED,
    durationMs: 50_000,
    eachWithinMs: 30_000,
    faults: [
      killWorker,
      pauseWorker,
      killDatabase,
      cutConnections,
      lostAnswers,
      killApi,
      restartDatabase,
    ],
    say,
  });
  for (const line of told(result)) say(line);
  assert.deepEqual(result.violations, []);
  assert.ok(result.accepted >= 30, `only ${result.accepted} runs were accepted`);
  assert.ok(hitsOf(result) >= 4, `only ${hitsOf(result)} faults hit anybody who held runs`);
  assert.equal(result.struck.size, 7, 'every kind of fault struck');
  assert.ok(result.streams.resumed > 0, 'no stream broke');
});

describe('the checker sees a mistake that is planted', { concurrency: 1 }, () => {
  for (const name of Object.keys(mutants) as MutantName[]) {
    test(name, async (t) => {
      const say = (line: string) => t.diagnostic(line);
      const result = await chaos({
        seed: SEED,
        durationMs: 6_000,
        // Who is killed more often than its runs get anywhere sets them apart, and they end one by one.
        pauseMs: 1_200,
        runsMax: 40,
        faults: [killWorker],
        outside: { trouble: 0.2, latencyMs: 600 },
        ...(name !== 'effect-before-intent' && { planOf: payingPlan }),
        say,
        world: {
          workers: 2,
          apis: 1,
          proxied: false,
          env: { CHAOS_MUTANT: name },
          options: {
            execArgv: ['--import', new URL('mutate.ts', import.meta.url).href],
          },
        },
      });
      for (const line of told(result)) say(line);
      const { invariant } = mutants[name];
      assert.ok(
        result.violations.some((one) => one.invariant === invariant),
        `${invariant} was not found among ${result.violations.length} violations`,
      );
    });
  }
});

function hitsOf({ struck }: ChaosResult): number {
  return [...struck.values()].reduce((sum, { hits }) => sum + hits, 0);
}
