import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '@aos/local';
import { serve, service, type Context } from '@restatedev/restate-sdk';
import { connect } from '@restatedev/restate-sdk-clients';

import { timed } from '../perform.ts';
import { play } from '../play.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

const PORTS = {
  ingress: await freePort(),
  admin: await freePort(),
  node: await freePort(),
  endpoint: await freePort(),
};
const LOADERS = 64;
const START_LIMIT_MS = 60_000;

await play(async (_url, clock) => {
  const gate = Promise.withResolvers<void>();
  let sent = 0;
  let done = 0;
  const passOn = service({
    name: 'passOn',
    handlers: {
      async run(context: Context, input: unknown) {
        // Until the gate opens, runs are only being stored.
        await gate.promise;
        let value = input;
        for (let n = 1; n <= STEPS; n++) {
          value = await context.run(`step${n}`, async () => {
            clock.tick();
            return value;
          });
        }
        done++;
        return value;
      },
    },
  });
  await serve({ services: [passOn], port: PORTS.endpoint, logger: () => {} });
  await startRestate();
  await register();
  const client = connect({ url: `http://127.0.0.1:${PORTS.ingress}` });
  const sender = client.serviceSendClient({ name: 'passOn' });
  const send = async () => {
    sent++;
    await sender['run']?.(PAYLOAD);
  };
  return {
    load: async (count) => void (await timed(count, LOADERS, send)),
    start: async () => gate.resolve(),
    isOver: async () => done >= sent,
    async submit() {
      let isDone = false;
      // Its own client waits for the end: nobody else can see it sooner.
      const handle = await sender['run']?.(PAYLOAD);
      void client.result(handle).then(() => (isDone = true));
      return async () => isDone;
    },
  };
});

/** The server ends with this program. */
async function startRestate(): Promise<void> {
  const from = createRequire(`${process.env['PEER_FOLDER']}/`);
  const binary = from.resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  );
  const folder = mkdtempSync(join(process.env['PEER_DATA'] ?? '', 'restate-'));
  const server = spawn(binary, ['--no-logo', '--base-dir', folder], {
    stdio: 'ignore',
    env: {
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: `${PORTS.node}`,
      RESTATE_INGRESS__BIND_PORT: `${PORTS.ingress}`,
      RESTATE_ADMIN__BIND_PORT: `${PORTS.admin}`,
      RESTATE_DEFAULT_NUM_PARTITIONS: '4',
      RESTATE_LOG_FILTER: 'error',
      DO_NOT_TRACK: '1',
    },
  });
  process.on('exit', () => server.kill('SIGKILL'));
  process.on('SIGTERM', () => process.exit(1));
}

async function register(): Promise<void> {
  const until = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${PORTS.admin}/deployments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ uri: `http://127.0.0.1:${PORTS.endpoint}` }),
      });
      if (answer.ok) return;
      throw new Error(await answer.text());
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(250);
    }
  }
}
