import type { Bench, Measure } from '../bench.ts';
import { readings, tell, writeSet, type Sample } from '../contestant.ts';
import { observe } from '../observe.ts';
import { assertAllSucceeded, installProduct, untilFinished } from '../product.ts';
import { CALLERS, sendRuns } from '../requests.ts';
import { interleave, rowsOf, type Side } from '../rounds.ts';

const RUNS = 4_000;

/** All of it on one machine: load generator, API, worker, PostgreSQL. */
export const http: Measure = {
  name: 'http',
  about: 'from POST /v1/runs to completed, with the load generator; every accepted run is counted',
  async take(bench) {
    const count = bench.count(RUNS);
    const sides = [served(bench, count), writeSet(bench, count * 2)];
    return rowsOf(await interleave(sides, { ...bench.rounds, tell }), 'http', readings);
  },
};

function served(bench: Bench, count: number): Side<Sample> {
  return {
    name: 'aos',
    async take() {
      await using product = await installProduct(bench.server);
      const worker = await product.startWorker();
      const api = await product.startApi();
      const keys = await product.newKeys(CALLERS);
      const [seconds, cost] = await observe(
        bench.server,
        product.databaseUrl,
        worker.pid,
        async () => {
          const startedAt = performance.now();
          await sendRuns({ port: api.port, keys, count });
          await untilFinished(product);
          return (performance.now() - startedAt) / 1000;
        },
      );
      await assertAllSucceeded(product, count);
      return { count, seconds, cost };
    },
  };
}
