import { Logger, makeWorkerUtils, run } from 'graphile-worker';

import { openLook, play } from '../play.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

const LOAD_BATCH = 500;
const FIRST = { identifier: 'step', payload: { step: 1, value: PAYLOAD } };

await play(async (url, clock, mode) => {
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  const look = await openLook(url);
  const isOver = async () => !(await look('select 1 from graphile_worker.jobs limit 1'));
  const worker = {
    connectionString: url,
    concurrentJobs: 24,
    maxPoolSize: 20,
    // A local queue makes many jobs cheaper, and one job slower.
    ...(mode === 'idle' ? {} : { localQueue: { size: 100 }, completeJobBatchDelay: 0 }),
  };
  return {
    async load(count) {
      for (let at = 0; at < count; at += LOAD_BATCH) {
        const length = Math.min(LOAD_BATCH, count - at);
        await utils.addJobs(Array.from({ length }, () => FIRST));
      }
    },
    async start() {
      await run({
        logger: new Logger(() => () => {}),
        preset: { worker },
        taskList: {
          async step(payload, { addJob }) {
            clock.tick();
            const { step, value } = payload as { step: number; value: unknown };
            if (step < STEPS) await addJob('step', { step: step + 1, value });
          },
        },
      });
    },
    isOver,
    async submit() {
      await utils.addJobs([FIRST]);
      return isOver;
    },
  };
});
