import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';

import { createDrainClock, openLook } from '../drain-clock.ts';
import { perform, timed } from '../perform.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

const QUEUE = 'bench';
const WORKFLOW = 'passOn';
const VERSION = 'bench';
const LOADERS = 20;
const [url = '', total] = process.argv.slice(2);

await perform(async () => {
  const count = Number(total);
  const clock = createDrainClock();
  const step = (value: unknown, n: number) =>
    DBOS.runStep(
      async () => {
        clock.tick();
        return value;
      },
      { name: `step${n}` },
    );
  DBOS.registerWorkflow(
    async (input: unknown) => {
      let value = input;
      for (let n = 1; n <= STEPS; n++) value = await step(value, n);
      return value;
    },
    { name: WORKFLOW },
  );
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 20,
    logLevel: 'error',
    applicationVersion: VERSION,
  });
  await DBOS.launch();
  const client = await DBOSClient.create({ systemDatabaseUrl: url, applicationName: 'bench' });
  const options = { queueName: QUEUE, workflowName: WORKFLOW, appVersion: VERSION };
  await timed(count, LOADERS, async () => void (await client.enqueue(options, PAYLOAD)));
  await client.destroy();
  const isOver = await openLook(
    url,
    `select 1 from dbos.workflow_status where status in ('ENQUEUED', 'PENDING') limit 1`,
  );
  return async () => {
    // Nobody takes from a queue that is not registered: this is where the drain begins.
    await DBOS.registerQueue(QUEUE, { workerConcurrency: 400, minPollingIntervalMs: 50 });
    return clock.report(count, isOver);
  };
});
