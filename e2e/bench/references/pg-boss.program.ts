import { randomUUID } from 'node:crypto';

import { PgBoss } from 'pg-boss';

import { createDrainClock, openLook } from '../drain-clock.ts';
import { perform } from '../perform.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

/** The queue alone: a job a step, each batch inserts the jobs of the next step. No run, no history. */
const QUEUE = 'steps';
const LOAD_BATCH = 1_000;
const [url = '', total] = process.argv.slice(2);

interface Job {
  readonly run: string;
  readonly step: number;
  readonly payload: typeof PAYLOAD;
}

await perform(async () => {
  const count = Number(total);
  const boss = new PgBoss({ connectionString: url, max: 10, useListenNotify: true });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(QUEUE, { partition: true, notify: true });
  for (let at = 0; at < count; at += LOAD_BATCH) {
    const jobs = Array.from({ length: Math.min(LOAD_BATCH, count - at) }, () => ({
      data: { run: randomUUID(), step: 1, payload: PAYLOAD } satisfies Job,
    }));
    await boss.insert(QUEUE, jobs);
  }
  const clock = createDrainClock();
  const isOver = await openLook(
    url,
    `select 1 from pgboss.job where name = '${QUEUE}' and state in ('created', 'active') limit 1`,
  );
  return async () => {
    const options = {
      batchSize: 500,
      localConcurrency: 2,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
      notifyPollingIntervalSeconds: 0.5,
    };
    await boss.work<Job>(QUEUE, options, async (jobs) => {
      clock.tick(jobs.length);
      const next = jobs
        .filter(({ data }) => data.step < STEPS)
        .map(({ data }) => ({ data: { ...data, step: data.step + 1 } }));
      if (next.length > 0) await boss.insert(QUEUE, next);
    });
    return clock.report(count, isOver);
  };
});
