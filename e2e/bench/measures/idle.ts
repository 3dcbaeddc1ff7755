import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from '@aos/sdk';
import { Client } from 'pg';

import type { Bench, Measure } from '../bench.ts';
import { installProduct, type Product } from '../product.ts';
import { IDLE_LOOK_EVERY_MS, REST_MS, WARM_UP, type IdleTimes } from '../play.ts';
import { idleSides } from '../rivals.ts';
import { interleave, rowsOf, type Reading, type Side } from '../rounds.ts';
import { percentile } from '../statistics.ts';
import { PAYLOAD, PLAN, STEPS } from '../workload.ts';

const RUNS = 60;
const LIMIT_MS = 10_000;

export const idle: Measure = {
  name: 'idle',
  about: `one run at a time: from POST to the first step, and to completed after ${STEPS} steps`,
  async take(bench) {
    const count = Math.max(10, bench.count(RUNS));
    const sides = [ours(bench, count), commits(bench, count), ...idleSides(bench, count)];
    return rowsOf(await interleave(sides, { ...bench.rounds, tell }), 'idle', [
      ...quantiles('completed', (sample) => sample.completed),
      ...quantiles('first_step', (sample) => sample.firstStep),
      ...quantiles('answered', (sample) => sample.answered),
    ]);
  },
};

function quantiles(
  name: string,
  of: (sample: IdleTimes) => readonly number[],
): Reading<IdleTimes>[] {
  return [50, 90, 99].map((percent) => ({
    measure: `${name}.p${percent}`,
    unit: 'ms',
    value: (sample) => percentile(of(sample), percent),
  }));
}

function tell({ completed }: IdleTimes): string {
  return `${percentile(completed, 50).toFixed(1)} ms`;
}

function ours(bench: Bench, count: number): Side<IdleTimes> {
  return {
    name: 'aos',
    async take() {
      await using product = await installProduct(bench.server);
      await product.startWorker();
      const { port } = await product.startApi();
      const [apiKey = ''] = await product.newKeys(1);
      const client = createClient({ url: `http://127.0.0.1:${port}`, apiKey });
      const answered: number[] = [];
      const firstStep: number[] = [];
      const completed: number[] = [];
      for (let n = -WARM_UP; n < count; n++) {
        const begunAt = now();
        const { id } = await client.runs.create({ goal: 'Pass on', input: PAYLOAD, plan: PLAN });
        const answeredAt = now();
        const completedAt = await seenFinished(product, id);
        const startedAt = await firstStepAt(product, id);
        if (n >= 0) {
          answered.push(answeredAt - begunAt);
          firstStep.push(startedAt - begunAt);
          completed.push(completedAt - begunAt);
        }
        await sleep(REST_MS);
      }
      return { answered, firstStep, completed };
    },
  };
}

/** When another connection sees the end: after the commit, to within a millisecond. */
async function seenFinished({ owner }: Product, runId: string): Promise<number> {
  const until = now() + LIMIT_MS;
  while (now() < until) {
    const [row] = await owner.query(
      `select 1 from aos.runs where id = $1 and status = 'finished'`,
      [runId.slice('run_'.length)],
    );
    if (row) return now();
    await sleep(IDLE_LOOK_EVERY_MS);
  }
  throw new Error(`${runId} did not finish within ${LIMIT_MS} ms.`);
}

/** The worker's clock, which is ours: it is the same machine. */
async function firstStepAt({ owner }: Product, runId: string): Promise<number> {
  const [row] = await owner.query<{ at: number }>(
    `select extract(epoch from min(started_at))::float8 * 1000 as at from aos.steps where run_id = $1`,
    [runId.slice('run_'.length)],
  );
  return row?.at ?? Number.NaN;
}

/** As many durable commits, one after the other, as a run cannot do without: accept, claim, each step. */
function commits(bench: Bench, count: number): Side<IdleTimes> {
  const inRun = STEPS + 2;
  return {
    name: `${inRun} commits in a row`,
    note: 'first_step: 2 of them; answered: 1',
    async take() {
      await using database = await bench.server.database();
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        await client.query('create table rows (id bigserial primary key, value jsonb)');
        const lists = Array.from({ length: inRun }, (): number[] => []);
        for (let n = 0; n < count; n++) {
          const begunAt = now();
          for (let at = 0; at < inRun; at++) {
            const text = 'insert into rows (value) values ($1)';
            await client.query({ name: 'insert', text, values: [JSON.stringify(PAYLOAD)] });
            lists[at]?.push(now() - begunAt);
          }
          await sleep(REST_MS);
        }
        const [answered = [], firstStep = []] = lists;
        return { answered, firstStep, completed: lists.at(-1) ?? [] };
      } finally {
        await client.end();
      }
    },
  };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
