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
  const pages = started.use(
    await startPageServer({ [HEARTBEAT_PATH]: 'heard', [EXPORTER_PATH]: '' }),
  );
  const slack = started.use(await startSlackServer());
  const mail = started.use(await startMailServer());
  const { database, databaseUrl, key } = await openScratchDatabase(started, folder, postgres);
  const alertmanager = started.use(
    await startAlertmanager({
      folder,
      env: machine,
      environment: ENVIRONMENT,
      slackUrl: slack.webhookUrl,
      smarthost: mail.smarthost,
      heartbeatUrl: pages.url + HEARTBEAT_PATH,
      runbooksUrl: `${url}/runbooks`,
    }),
  );
  const prometheus = started.use(
    await startPrometheus({
      folder,
      env: machine,
      environment: ENVIRONMENT,
      alertmanager: new URL(alertmanager.url).host,
      compression,
      targets: scrapeTargetsFile(home),
      exporter: { host: pages.host, path: EXPORTER_PATH },
    }),
  );
  const replicas = started.use(
    openReplicas({
      folder,
      env: {
        ...machine,
        DATABASE_URL: databaseUrl,
        HOST: '127.0.0.1',
        AOS_ALLOW_PRIVATE_HOSTS: pages.host,
        AOS_QUEUE_DEPTH_MAX: NOTHING_REFUSED,
        AOS_TENANT_QUEUE_DEPTH_MAX: NOTHING_REFUSED,
        ...env,
      },
      apiPort,
    }),
  );
  const kinds = ['api', ...Array.from({ length: workers }, () => 'worker')] as const;
  await Promise.all(kinds.map((kind) => replicas.start(kind as 'api' | 'worker')));
  const client = createClient({ url, apiKey: key });
  const discovery = openDiscovery(client, home);
  started.defer(() => discovery.end());
  return {
    folder,
    url,
    key,
    client,
    discovery,
    replicas,
    database,
    databaseUrl,
    pages,
    prometheus,
    alertmanager,
    slack,
    mail,
    operatorEnv: {
      ...machine,
      AOS_URL: url,
      AOS_API_KEY: key,
      PROMETHEUS_URL: prometheus.url,
      ALERTMANAGER_URL: alertmanager.url,
      DATABASE_URL: databaseUrl,
      AOS_HOME: home,
      HOST: '127.0.0.1',
      PORT: `${apiPort}`,
      WORKERS: '0',
      AOS_ALLOW_PRIVATE_HOSTS: pages.host,
    },
    defer: (end) => started.defer(end),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
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
