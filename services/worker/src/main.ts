import { readFileSync } from 'node:fs';

import { loadConfig } from '@aos/config';
import { failpoints, type Failpoint } from '@aos/engine';
import { assertMigrated, createDatabase, skills as catalog } from '@aos/store';
import { answerSignals, createLogger, createMetrics } from '@aos/telemetry';

import { createCapabilities } from './capabilities.ts';
import { serveHealth } from './health.ts';
import { startWatchdog } from './watchdog.ts';
import { work } from './worker.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** How long after the grace cut steps may take to settle before the process goes. */
const SETTLE_MS = 5_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger({ service: 'worker', level: config.logLevel });
  const metrics = createMetrics({ service: 'worker', version });
  answerSignals(log);
  for (const warning of config.warnings) log.warn('config.warning', { warning });

  const database = createDatabase({
    url: config.database.url,
    role: 'aos_worker',
    applicationName: 'aos-worker',
    connectionsMax: 8,
    onError: (error) => log.warn('database.connection_lost', { error: error.message }),
  });
  await assertMigrated(database);
  await using capabilities = createCapabilities(config, database);
  await catalog.publish(database, capabilities.skills.manifests());

  const stop = new AbortController();
  const hurry = new AbortController();
  let reason: string | undefined = 'The worker is starting.';
  const health = await serveHealth({
    host: config.worker.host,
    port: config.worker.port,
    version,
    metrics,
    notReady: () => reason,
  });
  onStopSignals((why) => {
    if (stop.signal.aborted) process.exit(1);
    log.info('worker.stopping', { why });
    stop.abort();
    setTimeout(() => hurry.abort(), config.worker.graceMs).unref();
    // Whatever still hangs is left to the next worker.
    setTimeout(() => process.exit(0), config.worker.graceMs + SETTLE_MS).unref();
  });
  const watchdog = startWatchdog();
  await work({
    config,
    version,
    port: health.port,
    database,
    capabilities,
    telemetry: { log, metrics },
    failpoint: failpointOf(config.worker.failAt),
    stop: stop.signal,
    hurry: hurry.signal,
    onReadiness(now) {
      reason = now;
      if (!now) process.send?.({ type: 'ready', port: health.port });
    },
  });
  await watchdog.stop();
  await health.close();
  await database.close();
  log.info('worker.stopped');
}

/** SIGTERM, SIGINT, and the end of the launcher that started this process. */
function onStopSignals(stop: (why: string) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  process.on('disconnect', () => stop('launcher ended'));
}

/** Dies at the named point, the way a machine that loses power does. */
function failpointOf(name: string | undefined): (at: Failpoint) => void {
  if (name === undefined) return () => {};
  if (!(failpoints as readonly string[]).includes(name)) {
    throw new Error(`AOS_FAIL_AT is ${name}; it must be one of ${failpoints.join(', ')}.`);
  }
  return (at) => {
    if (at === name) process.kill(process.pid, 'SIGKILL');
  };
}

await main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
