import { Logger, makeWorkerUtils, run } from 'graphile-worker';

import { createDrainClock, openLook } from '../drain-clock.ts';
import { perform } from '../perform.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

const LOAD_BATCH = 500;
const [url = '', total] = process.argv.slice(2);

await perform(async () => {
  const count = Number(total);
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  for (let at = 0; at < count; at += LOAD_BATCH) {
    const jobs = Array.from({ length: Math.min(LOAD_BATCH, count - at) }, () => ({
      identifier: 'step',
      payload: { step: 1, value: PAYLOAD },
    }));
    await utils.addJobs(jobs);
  }
  await utils.release();
  const clock = createDrainClock();
  const isOver = await openLook(url, 'select 1 from graphile_worker.jobs limit 1');
  return async () => {
    await run({
      logger: new Logger(() => () => {}),
      preset: {
        worker: {
          connectionString: url,
          concurrentJobs: 24,
          maxPoolSize: 20,
          localQueue: { size: 100 },
          completeJobBatchDelay: 0,
        },
      },
      taskList: {
        async step(payload, { addJob }) {
          clock.tick();
          const { step, value } = payload as { step: number; value: unknown };
          if (step < STEPS) await addJob('step', { step: step + 1, value });
        },
      },
    });
    return clock.report(count, isOver);
  };
});
