import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endPostgres, freePort, killPostgres, scrapeTargetsFile, startPostgres } from '@aos/local';
import { createClient, type Client } from '@aos/sdk';
import { apiKeys, createDatabase, migrate, type Database } from '@aos/store';
import {
  startMailServer,
  startPageServer,
  startSlackServer,
  type MailServer,
  type PageServer,
  type SlackServer,
} from '@aos/testing';

import { startAlertmanager, type Alertmanager } from './alertmanager.ts';
import type { Compression } from './compress.ts';
import { openDiscovery, type Discovery } from './discovery.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { openReplicas, type Replicas } from './replicas.ts';

/**
 * A whole installation that nobody needs: its own database, services, Prometheus and Alertmanager, and
 * stand-ins of those who are told. All of it is on loopback, and gone at the end.
 */
export interface DrillStack extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly key: string;
  readonly client: Client;
  readonly replicas: Replicas;
  /** Tells Prometheus of the replicas. */
  readonly discovery: Discovery;
  /** As the superuser. */
  readonly database: Database;
  readonly databaseUrl: string;
  /** The outside world, and where the heartbeat arrives. */
  readonly pages: PageServer;
  readonly prometheus: Prometheus;
  readonly alertmanager: Alertmanager;
  readonly slack: SlackServer;
  readonly mail: MailServer;
  /** What an operator's programs are told: where all of this is, and the key. */
  readonly operatorEnv: Readonly<Record<string, string>>;
  /** Ended with the stack, in the opposite order. */
  defer(end: () => Promise<void> | void): void;
}

export interface StackOptions {
  readonly compression: Compression;
  readonly workers: number;
  /** Settings of the services. */
  readonly env?: Readonly<Record<string, string>>;
  readonly postgres?: Readonly<Record<string, string>>;
  /** PATH and the like. */
  readonly machine: Readonly<Record<string, string>>;
}

export const ENVIRONMENT = 'drill';
export const HEARTBEAT_PATH = '/heartbeat';
export const EXPORTER_PATH = '/node-exporter';
const NOTHING_REFUSED = '1000000';

export async function startStack(options: StackOptions): Promise<DrillStack> {
  const started = new AsyncDisposableStack();
  try {
    return await build(started, options);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function build(
  started: AsyncDisposableStack,
  { compression, workers, env = {}, postgres = {}, machine }: StackOptions,
): Promise<DrillStack> {
  const folder = mkdtempSync(join(tmpdir(), 'aos-drill-'));
  started.defer(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, 'home');
  const apiPort = await freePort();
  const url = `http://127.0.0.1:${apiPort}`;
  const place = { folder, home, url, machine };
  const outside = await startOutside(started);
  const stored = await openScratchDatabase(started, folder, postgres);
  const watchers = await startWatchers(started, place, outside, compression);
  const settings = {
    ...machine,
    DATABASE_URL: stored.databaseUrl,
    HOST: '127.0.0.1',
    AOS_ALLOW_PRIVATE_HOSTS: outside.pages.host,
  };
  const refusesNothing = {
    AOS_QUEUE_DEPTH_MAX: NOTHING_REFUSED,
    AOS_TENANT_QUEUE_DEPTH_MAX: NOTHING_REFUSED,
  };
  const replicas = started.use(
    openReplicas({ folder, env: { ...settings, ...refusesNothing, ...env }, apiPort }),
  );
  const pool = Array.from({ length: workers }, () => replicas.start('worker'));
  await Promise.all([replicas.start('api'), ...pool]);
  const client = createClient({ url, apiKey: stored.key });
  const discovery = openDiscovery(client, home);
  started.defer(() => discovery.end());
  return {
    ...place,
    ...outside,
    ...stored,
    ...watchers,
    client,
    replicas,
    discovery,
    operatorEnv: {
      ...settings,
      AOS_URL: url,
      AOS_API_KEY: stored.key,
      PROMETHEUS_URL: watchers.prometheus.url,
      ALERTMANAGER_URL: watchers.alertmanager.url,
      AOS_HOME: home,
      PORT: `${apiPort}`,
      WORKERS: '0',
    },
    defer: (end) => started.defer(end),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** The world, and those who are told of alerts. */
async function startOutside(started: AsyncDisposableStack) {
  return {
    pages: started.use(await startPageServer({ [HEARTBEAT_PATH]: 'heard', [EXPORTER_PATH]: '' })),
    slack: started.use(await startSlackServer()),
    mail: started.use(await startMailServer()),
  };
}

interface Place {
  readonly folder: string;
  readonly home: string;
  readonly url: string;
  readonly machine: Readonly<Record<string, string>>;
}

async function startWatchers(
  started: AsyncDisposableStack,
  { folder, home, url, machine }: Place,
  { pages, slack, mail }: Pick<DrillStack, 'pages' | 'slack' | 'mail'>,
  compression: Compression,
): Promise<Pick<DrillStack, 'alertmanager' | 'prometheus'>> {
  const common = { folder, env: machine, environment: ENVIRONMENT };
  const alertmanager = started.use(
    await startAlertmanager({
      ...common,
      slackUrl: slack.webhookUrl,
      smarthost: mail.smarthost,
      heartbeatUrl: pages.url + HEARTBEAT_PATH,
      runbooksUrl: `${url}/runbooks`,
    }),
  );
  const prometheus = started.use(
    await startPrometheus({
      ...common,
      alertmanager: new URL(alertmanager.url).host,
      compression,
      targets: scrapeTargetsFile(home),
      exporter: { host: pages.host, path: EXPORTER_PATH },
    }),
  );
  return { alertmanager, prometheus };
}

async function openScratchDatabase(
  started: AsyncDisposableStack,
  folder: string,
  settings: Readonly<Record<string, string>>,
) {
  const dir = join(folder, 'postgres');
  // As durable as any: the programs that runbooks start refuse another one.
  const all = { shared_buffers: '64MB', ...settings };
  const server = await startPostgres({ dir, keep: true, settings: all });
  const endNow = (): void => killPostgres(dir);
  process.on('exit', endNow); // when somebody does not wait
  started.defer(async () => {
    await endPostgres(dir);
    process.off('exit', endNow);
  });
  await migrate(server.url);
  const database = createDatabase({
    url: server.url,
    applicationName: 'aos-drill',
    connectionsMax: 4,
  });
  started.defer(() => database.close());
  const { key } = await apiKeys.create(database, {
    tenant: 'default',
    name: 'drill',
    scopes: ['admin'],
  });
  return { database, databaseUrl: server.url, key };
}
