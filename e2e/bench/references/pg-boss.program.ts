import { randomUUID } from 'node:crypto';

import { PgBoss } from 'pg-boss';

import { openLook, play } from '../play.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

/** The queue alone: a job a step, each batch inserts the jobs of the next step. No run, no history. */
const QUEUE = 'steps';
const LOAD_BATCH = 1_000;
const OPTIONS = {
  batchSize: 500,
  localConcurrency: 2,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 0.5,
};

interface Job {
  readonly run: string;
  readonly step: number;
  readonly payload: typeof PAYLOAD;
}

await play(async (url, clock) => {
  const boss = new PgBoss({ connectionString: url, max: 10, useListenNotify: true });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(QUEUE, { partition: true, notify: true });
  const look = await openLook(url);
  return {
    async load(count) {
      for (let at = 0; at < count; at += LOAD_BATCH) {
        const length = Math.min(LOAD_BATCH, count - at);
        await boss.insert(
          QUEUE,
          Array.from({ length }, () => ({ data: first(randomUUID()) })),
        );
      }
    },
    async start() {
      await boss.work<Job>(QUEUE, OPTIONS, async (jobs) => {
        clock.tick(jobs.length);
        const next = jobs
          .filter(({ data }) => data.step < STEPS)
          .map(({ data }) => ({ data: { ...data, step: data.step + 1 } }));
        if (next.length > 0) await boss.insert(QUEUE, next);
      });
    },
    isOver: async () =>
      !(await look(
        `select 1 from pgboss.job where name = '${QUEUE}' and state in ('created', 'active') limit 1`,
      )),
    async submit() {
      const run = randomUUID();
      await boss.send(QUEUE, first(run));
      return () =>
        look(
          `select 1 from pgboss.job
            where name = '${QUEUE}' and state = 'completed' and data ->> 'run' = $1 and data ->> 'step' = $2`,
          [run, `${STEPS}`],
        );
    },
  };
});

function first(run: string): Job {
  return { run, step: 1, payload: PAYLOAD };
}
