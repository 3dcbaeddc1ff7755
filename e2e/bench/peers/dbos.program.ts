import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';

import { timed } from '../perform.ts';
import { openLook, play } from '../play.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

const OPTIONS = { queueName: 'bench', workflowName: 'passOn', appVersion: 'bench' };
const LOADERS = 20;

await play(async (url, clock, mode) => {
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
    { name: OPTIONS.workflowName },
  );
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 20,
    logLevel: 'error',
    applicationVersion: OPTIONS.appVersion,
  });
  await DBOS.launch();
  const client = await DBOSClient.create({ systemDatabaseUrl: url, applicationName: 'bench' });
  const look = await openLook(url);
  return {
    load: async (count) =>
      void (await timed(count, LOADERS, async () => void (await client.enqueue(OPTIONS, PAYLOAD)))),
    // Nobody takes from a queue that is not registered: this is where the work begins.
    start: async () =>
      void (await DBOS.registerQueue(OPTIONS.queueName, {
        workerConcurrency: 400,
        minPollingIntervalMs: mode === 'idle' ? 10 : 50,
      })),
    isOver: async () =>
      !(await look(
        `select 1 from dbos.workflow_status where status in ('ENQUEUED', 'PENDING') limit 1`,
      )),
    async submit() {
      const { workflowID } = await client.enqueue(OPTIONS, PAYLOAD);
      return () =>
        look(`select 1 from dbos.workflow_status where workflow_uuid = $1 and status = 'SUCCESS'`, [
          workflowID,
        ]);
    },
  };
});
