import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadLocalConfig, type LocalConfig } from '@aos/config';
import { AosError, PACE } from '@aos/core';
import { createClient } from '@aos/sdk';

import { parseAutoscaleArguments } from './autoscale-arguments.ts';
import { autoscale } from './autoscaler.ts';
import { serviceEnvironment } from './environment.ts';
import { createFleet } from './fleet.ts';
import { runningDatabase, type WorkerDatabase } from './running-database.ts';
import { keepScrapeTargets } from './scrape-targets.ts';
import { startService } from './service.ts';
import { onStopSignals } from './stop-signals.ts';

// The program behind `aos autoscale`, which tells it where the API is, and the key.
const WORKER = fileURLToPath(new URL('../../services/worker/src/main.ts', import.meta.url));
const EVERY_MS = 1_000;
/** What a worker may take beyond its grace to give back what it had in hand. */
const SETTLE_MS = 10_000;
/** A short patience is for short loads: then a step down must not wait longer than that. */
const DOWN_EVERY_MS = PACE.downEveryMs;

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const code = await main(process.argv.slice(2), process.env).catch((error: unknown) => {
  const known = error instanceof AosError || error instanceof TypeError;
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message : error.stack) : String(error)}\n`,
  );
  return known ? 2 : 70;
});
process.stdout.write('', () => process.exit(code));

async function main(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { graceMs, downAfterMs, ...limits } = parseAutoscaleArguments(args);
  const config = loadLocalConfig(environment);
  const { AOS_URL: url, AOS_API_KEY: apiKey } = environment;
  const database = databaseOf(config);
  if (!database) {
    throw new TypeError('Workers need a database: set DATABASE_URL to the one that the API uses.');
  }
  if (!url || !apiKey) throw new TypeError('Set AOS_URL and AOS_API_KEY to those of the API.');
  const env = serviceEnvironment('worker', environment, {
    AOS_HOME: resolve(config.home),
    DATABASE_URL: database.workerUrl,
    WORKER_PORT: '0', // several cannot share one port
    WORKER_GRACE_MS: String(graceMs),
    ...(database.queryConnections &&
      !config.hasQueryConnections && {
        AOS_QUERY_CONNECTIONS: JSON.stringify(database.queryConnections),
      }),
  });
  const fleet = createFleet({
    graceMs: graceMs + SETTLE_MS,
    say,
    start: (name, onGivenUp) =>
      startService({
        name,
        program: WORKER,
        env,
        logFile: join(config.home, 'logs', `autoscaled-${name}.log`),
        onGivenUp,
        onRestart: () => say(`The ${name} ended unexpectedly and is started again.`),
      }),
  });
  const signals = onStopSignals(() => {
    fleet.killNow();
    process.exit(130);
  });
  const client = createClient({ url, apiKey });
  void keepScrapeTargets({ client, home: resolve(config.home), stop: signals.stop });
  try {
    await autoscale({
      ...limits,
      client,
      fleet,
      pace: { ...PACE, downAfterMs, downEveryMs: Math.min(DOWN_EVERY_MS, downAfterMs) },
      everyMs: EVERY_MS,
      say,
      stop: signals.stop,
    });
    say('Stopping: the workers finish what they have in hand…');
    await fleet.stop();
  } finally {
    signals.dispose();
  }
  return 0;
}

/** The one that was given, or that of the stack that runs here. */
function databaseOf({ databaseUrl, home }: LocalConfig): WorkerDatabase | undefined {
  return databaseUrl ? { workerUrl: databaseUrl } : runningDatabase(resolve(home));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
