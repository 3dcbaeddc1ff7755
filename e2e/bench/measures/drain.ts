import type { Bench, Measure } from '../bench.ts';
import { perStep, perStepByPgbench, readings, tell, writeSet, type Sample } from '../contestant.ts';
import { observe } from '../observe.ts';
import { assertAllSucceeded, installProduct, untilFinished, workDone } from '../product.ts';
import { rivalSides } from '../rivals.ts';
import { interleave, rowsOf, type Side } from '../rounds.ts';
import { STEPS } from '../workload.ts';

const RUNS = 4_000;

/** Runs that are stored already, one worker process. */
export const drain: Measure = {
  name: 'drain',
  about: `${STEPS} sequential steps of 1 KB, stored before, one worker: rate, CPU, commits, WAL`,
  async take(bench) {
    const count = bench.count(RUNS);
    const sides = [
      drained(bench, count),
      perStep(bench, count),
      perStepByPgbench(bench, count),
      writeSet(bench, count * 2),
      ...rivalSides(bench, 'drain', count),
    ];
    return rowsOf(await interleave(sides, { ...bench.rounds, tell }), 'drain', readings);
  },
};

export function drained(bench: Bench, count: number): Side<Sample> {
  const { profile } = bench;
  return {
    name: 'aos',
    async take() {
      await using product = await installProduct(bench.server);
      await product.load(count);
      await product.base.settle();
      await profile?.begin(product.databaseUrl);
      const worker = await product.startWorker({}, profile?.flags);
      const [, cost] = await observe(bench.server, product.databaseUrl, worker.pid, () =>
        untilFinished(product),
      );
      await assertAllSucceeded(product, count);
      const { seconds } = await workDone(product);
      await profile?.end('drain', product.databaseUrl, worker);
      return { count, seconds, cost };
    },
  };
}
