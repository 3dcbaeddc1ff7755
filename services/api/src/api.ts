import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AosError } from '@aos/core';
import { createAcceptor, openQueue, type Database } from '@aos/store';
import {
  reachableHost,
  tellConnections,
  type Logger,
  type Metrics,
  type Tracing,
} from '@aos/telemetry';

import { createAdmission } from './admission.ts';
import { createApp } from './app.ts';
import { createAuthenticator } from './authenticate.ts';
import { cached, createCatalogs } from './catalogs.ts';
import { startOperationDriver } from './drive-operations.ts';
import { createEventWatch } from './event-watch.ts';
import { readFacts } from './facts.ts';
import { createLeadership } from './leadership.ts';
import { startPresence } from './presence.ts';
import { createReadiness } from './readiness.ts';
import { createScaleSignal } from './scale-signal.ts';
import type { ApiSettings, Services } from './services.ts';

export interface ApiOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly database: Database;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing;
  readonly settings: ApiSettings;
}

export interface Api {
  readonly port: number;
  /** Takes nothing new, ends streams, lets requests under way finish, at most for 10 s. */
  stop(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 50;

/** Starts the API on a database that is migrated; resolves when it listens. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { database, log, metrics, tracing, settings } = options;
  const warn = (error: unknown): void =>
    log.warn('database.failed', { error: error instanceof Error ? error.message : 'unknown' });
  const queue = await openQueue(database, { maintain: false, onError: warn });
  const admission = createAdmission(database, settings.admission, metrics, warn);
  const onBatch = (size: number) => metrics.journalBatchSize.observe({}, size);
  const acceptor = createAcceptor(database, queue, onBatch, admission.placeOf);
  const readiness = createReadiness(database);
  const stopping = new AbortController();
  const scale = createScaleSignal(database);
  const services: Services = {
    settings,
    database,
    queue,
    acceptor,
    admission,
    log,
    metrics,
    ...(tracing && { tracing }),
    authenticator: createAuthenticator(database),
    catalogs: createCatalogs(database, settings.agents),
    watch: createEventWatch(database, warn),
    readiness,
    scale,
    stopping: stopping.signal,
  };
  const app = createApp(services);
  const leadership = createLeadership(database);
  const facts = cached(() => readFacts(database, scale));
  metrics.beforeScrape(() => tellConnections(metrics, database));
  metrics.readFrom(async () => (leadership.held() ? facts() : undefined));
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    app,
  );
  const port = await listen(server, options);
  const driver = startOperationDriver(services, warn);
  const address = reachableHost(options.host);
  const presence = startPresence(database, { address, port, version: settings.version }, warn);

  return {
    port,
    async stop() {
      readiness.drain();
      stopping.abort();
      await close(server);
      await presence.close();
      await driver.close();
      await leadership.close();
      admission.stop();
      await acceptor.close();
      await queue.stop();
    },
  };
}

function listen(server: Server, { host, port }: ApiOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function cannotListen(cause: Error, host: string, port: number): AosError {
  const why =
    (cause as { code?: string }).code === 'EADDRINUSE'
      ? 'another program has it; set PORT to a free one.'
      : cause.message;
  return new AosError('not_ready', `Cannot listen on ${host}:${port}: ${why}`, { cause });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection whose last answer was sent would stay open for the next request.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
