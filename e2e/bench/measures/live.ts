import { performance } from 'node:perf_hooks';

import type { Bench, Measure } from '../bench.ts';
import { readings, tell, writeSet, type Sample } from '../contestant.ts';
import { observe } from '../observe.ts';
import { assertAllSucceeded, installProduct, untilFinished } from '../product.ts';
import { rivalSides } from '../rivals.ts';
import { interleave, rowsOf, type Side } from '../rounds.ts';

const RUNS = 4_000;

/** Runs are stored while one worker does them. */
export const live: Measure = {
  name: 'live',
  about: 'the same while the runs are being stored, from the first request to the last end',
  async take(bench) {
    const count = bench.count(RUNS);
    const sides = [
      lived(bench, count),
      writeSet(bench, count * 2),
      ...rivalSides(bench, 'live', count),
    ];
    return rowsOf(await interleave(sides, { ...bench.rounds, tell }), 'live', readings);
  },
};

function lived(bench: Bench, count: number): Side<Sample> {
  return {
    name: 'aos',
    async take() {
      await using product = await installProduct(bench.server);
      const worker = await product.startWorker();
      const [seconds, cost] = await observe(
        bench.server,
        product.databaseUrl,
        worker.pid,
        async () => {
          const startedAt = performance.now();
          await product.load(count);
          await untilFinished(product);
          return (performance.now() - startedAt) / 1000;
        },
      );
      await assertAllSucceeded(product, count);
      return { count, seconds, cost };
    },
  };
}
