import { readFileSync } from 'node:fs';

import { loadConfig, type Config } from '@aos/config';
import { failpoints, type Failpoint, type PoolView } from '@aos/engine';
import {
  assertMigrated,
  log as eventLog,
  createDatabase,
  skills as catalog,
  type Database,
} from '@aos/store';
import {
  answerSignals,
  createLogger,
  createMetrics,
  startTracing,
  tellConnections,
  type Logger,
  type Telemetry,
  type Tracing,
} from '@aos/telemetry';

import { createCapabilities, type Capabilities } from './capabilities.ts';
import { watchGate } from './gate.ts';
import { serveHealth } from './health.ts';
import { startKeeper } from './keeper.ts';
import { QUARANTINE_ARGUMENT, startsInQuarantine } from './quarantine.ts';
import { startSender } from './sender.ts';
import { stopOnSignals } from './stop.ts';
import { startWatchdog } from './watchdog.ts';
import { work } from './worker.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

const ADOPT =
  'The database was restored, failed over or moved. If the end of it may be lost, stop all services and run `aos adopt`.';

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger({ service: 'worker', level: config.logLevel });
  const metrics = createMetrics({ service: 'worker', version, disks: disksOf(config) });
  answerSignals(log);
  // At once: the launcher may end while this process starts.
  const signals = stopOnSignals(log, config.worker.graceMs);
  for (const warning of config.warnings) log.warn('config.warning', { warning });
  const tracing = await tracingOf(config, log);

  const database = openDatabase(config, log);
  await assertMigrated(database);
  if ((await eventLog.incarnations(database)).moved) log.warn('database.moved', { advice: ADOPT });
  await using capabilities = createCapabilities(config, database, tracing);
  await catalog.publish(database, capabilities.skills.manifests());

  let pool: PoolView | undefined;
  metrics.beforeScrape(() => {
    tellConnections(metrics, database);
    metrics.workerRunsInFlight.set({}, pool?.inFlight ?? 0);
  });
  const gate = watchGate(config.worker.gate, database, metrics);
  let reason: string | undefined = 'The worker is starting.';
  const health = await serveHealth({
    host: config.worker.host,
    port: config.worker.port,
    version,
    metrics,
    notReady: () => reason,
    gated: gate.reason,
  });
  const watchdog = startWatchdog();
  const quarantine = process.argv.includes(QUARANTINE_ARGUMENT);
  const telemetry = { log, metrics, ...(tracing && { tracing }) };
  const aside = quarantine ? [] : startAside(config, database, capabilities, telemetry);
  await work({
    config,
    version,
    port: health.port,
    database,
    capabilities,
    gate,
    telemetry,
    failpoint: failpointOf(config.worker.failAt),
    quarantine,
    staffQuarantine: startsInQuarantine(import.meta.filename, process.env),
    ...signals,
    onPool(next) {
      pool = next;
    },
    onReadiness(now) {
      reason = now;
      if (!now) process.send?.({ type: 'ready', port: health.port });
    },
  });
  gate.stop();
  await Promise.all(aside.map((duty) => duty.stop()));
  await watchdog.stop();
  await health.close();
  await database.close();
  await tracing?.close();
  log.info('worker.stopped');
}

function disksOf({ home }: Config): Record<string, string> {
  return home === undefined ? {} : { home };
}

function tracingOf({ traces, environment }: Config, log: Logger): Promise<Tracing | undefined> {
  const name = traces?.serviceName ?? 'aos-worker';
  return startTracing(traces, { name, version, environment, log });
}

function openDatabase(config: Config, log: Logger): Database {
  return createDatabase({
    url: config.database.url,
    role: 'aos_worker',
    applicationName: 'aos-worker',
    connectionsMax: 8,
    onError: (error) => log.warn('database.connection_lost', { error: error.message }),
  });
}

/** What a worker does beside executing runs. One in quarantine may die at any moment: it leaves it to others. */
function startAside(
  config: Config,
  database: Database,
  { egress }: Capabilities,
  telemetry: Telemetry,
): { stop(): Promise<void> }[] {
  return [
    startKeeper(database, config.retention, telemetry),
    startSender(database, egress, telemetry),
  ];
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
