import { readFileSync } from 'node:fs';

import { starterAgents } from '@aos/agents';
import { loadConfig, type Config } from '@aos/config';
import { createClaude } from '@aos/llm';
import { createPlanners, makePlan } from '@aos/planner';
import { assertMigrated, createDatabase } from '@aos/store';
import { answerSignals, createLogger, createMetrics, startTracing } from '@aos/telemetry';

import { startApi } from './api.ts';
import type { ApiSettings } from './services.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

const CONNECTIONS_MAX = 16;
/** Requests get 10 s to finish; what hangs after that is cut. */
const EXIT_AFTER_MS = 12_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger({ service: 'api', level: config.logLevel });
  const metrics = createMetrics({
    service: 'api',
    version,
    ...(config.home && { disks: { home: config.home } }),
  });
  answerSignals(log);
  for (const warning of config.warnings) log.warn('config.warning', { warning });
  const { environment, traces } = config;
  const name = traces?.serviceName ?? 'aos-api';
  const tracing = await startTracing(traces, { name, version, environment, log });

  const database = createDatabase({
    url: config.database.url,
    role: 'aos_api',
    applicationName: 'aos-api',
    connectionsMax: CONNECTIONS_MAX,
    onError: (error) => log.warn('database.connection_lost', { error: error.message }),
  });
  await assertMigrated(database);
  const { host, port } = config.api;
  const settings = settingsOf(config);
  const stopped = stopSignal();
  const telemetry = { log, metrics, ...(tracing && { tracing }) };
  const api = await startApi({ host, port, database, settings, ...telemetry });
  log.info('api.listening', { host, port: api.port, version });
  process.send?.({ type: 'ready', port: api.port });

  const why = await stopped;
  log.info('api.stopping', { why });
  setTimeout(() => process.exit(0), EXIT_AFTER_MS).unref();
  await api.stop();
  await database.close();
  await tracing?.close();
  log.info('api.stopped');
}

function settingsOf({ environment, admission, model, planner }: Config): ApiSettings {
  const planners = createPlanners({
    ...(model.apiKey && {
      model: createClaude({
        apiKey: model.apiKey,
        ...(model.baseUrl && { baseUrl: model.baseUrl }),
        ...(model.name && { model: model.name }),
      }),
    }),
    defaultScheme: planner.defaultScheme,
  });
  return {
    version,
    environment,
    admission,
    modelConfigured: model.apiKey !== undefined,
    agents: starterAgents,
    plan: (name, request, signal) => makePlan(planners, name, request, signal),
  };
}

/** SIGTERM, SIGINT, and the end of the launcher that started this process. A second one ends it at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (why: string): void => {
      if (asked) process.exit(1);
      asked = true;
      resolve(why);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
    process.on('disconnect', () => stop('launcher ended'));
  });
}

await main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
