import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadConfig } from '@aos/config';
import { createDatabase, migrate, type Database } from '@aos/store';
import { createLogger, createMetrics } from '@aos/telemetry';
import { testDatabase } from '@aos/testing';

import { createCapabilities } from './capabilities.ts';
import { createGate } from './gate.ts';
import { work } from './worker.ts';

test('a worker has not ended as long as a look at the database is under way', async () => {
  await using started = new AsyncDisposableStack();
  const { url } = started.use(await testDatabase());
  await migrate(url, { allowUnsafe: true });
  const real = createDatabase({ url, role: 'aos_worker', applicationName: 'test' });
  started.defer(() => real.close());
  const looked = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  started.defer(letGo.resolve);
  const database: Database = {
    ...real,
    async query<R>(text: string, values?: readonly unknown[]) {
      if (text.includes(`from aos.targets where state <> 'clear'`)) {
        looked.resolve();
        await letGo.promise;
      }
      return real.query<R>(text, values);
    },
  };
  const config = loadConfig({ DATABASE_URL: url });
  const capabilities = started.use(createCapabilities(config, database));
  const log = createLogger({ service: 'worker', level: 'error', write: () => {} });
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  let hasEnded = false;
  const working = work({
    config,
    version: '0',
    port: 1,
    database,
    capabilities,
    gate: createGate(config.worker.gate),
    telemetry: { log, metrics: createMetrics({ service: 'worker', version: '0' }) },
    failpoint: () => {},
    quarantine: false,
    staffQuarantine: () => {},
    stop: stop.signal,
    hurry: new AbortController().signal,
    onReadiness: (reason) => reason ?? ready.resolve(),
    onPool: () => {},
  }).then(() => (hasEnded = true));
  await Promise.all([ready.promise, looked.promise]);
  stop.abort();
  const states = () => real.query<{ state: string }>('select state from aos.workers');
  while ((await states())[0]?.state !== 'stopped');
  // Several ways to the server and back: it had all the time to end.
  for (let turns = 0; turns < 20; turns++) await states();
  assert.equal(hasEnded, false);
  letGo.resolve();
  assert.equal(await working, true);
});
