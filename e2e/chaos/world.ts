import { randomBytes } from 'node:crypto';

import { freePort } from '@aos/local';
import { apiKeys, createDatabase, migrate, type Database } from '@aos/store';

import type { ServiceOptions } from '../process.ts';
import { createCaller, type Caller } from './caller.ts';
import { createFleet, type Fleet, type Place } from './fleet.ts';
import { startProxy, type Proxy } from './proxy.ts';
import type { Random } from './random.ts';
import { startServer, type ChaosServer, type ServerOptions } from './server.ts';
import { startTarget, TARGET_HOST, type Target } from './target.ts';

/** A whole AOS that can be hurt: a durable PostgreSQL, processes, a wire, and the outside world. */
export interface World extends AsyncDisposable {
  readonly server: ChaosServer;
  readonly databaseUrl: string;
  /** As the superuser, to see what is stored. */
  readonly database: Database;
  readonly fleet: Fleet;
  /** Between the database and those that are put behind it. */
  readonly proxy: Proxy;
  readonly target: Target;
  readonly apiKey: string;
  readonly caller: Caller;
  readonly random: Random;
  /** Where a further process would run. */
  place(kind: Place['kind'], how?: PlaceHow): Promise<Place>;
}

export interface PlaceHow {
  readonly behindProxy?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly options?: ServiceOptions;
}

export interface WorldOptions {
  readonly random: Random;
  readonly workers?: number;
  readonly apis?: number;
  /** The last worker and the last API are behind the proxy. */
  readonly proxied?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly server?: ServerOptions;
  readonly options?: ServiceOptions;
  /** Brings the database to a schema; this version's when left out. */
  readonly migrate?: (url: string) => Promise<void>;
}

export async function buildWorld(options: WorldOptions): Promise<World> {
  const { random, workers = 3, apis = 2, proxied = true } = options;
  await using started = new AsyncDisposableStack();
  const server = started.use(await startServer(options.server));
  const { url: databaseUrl } = await makeDatabase(server, options.migrate ?? migrate);
  const database = createDatabase({
    url: databaseUrl,
    applicationName: 'chaos',
    connectionsMax: 4,
  });
  started.defer(() => database.close());
  const { key: apiKey } = await apiKeys.create(database, {
    tenant: 'default',
    name: 'chaos',
    scopes: ['admin'],
  });
  const proxy = started.use(await startProxy({ host: '127.0.0.1', port: server.port }));
  const target = started.use(await startTarget(random.fork()));
  const fleet = started.use(createFleet());
  const place: World['place'] = async (kind, how = {}) => {
    const url = new URL(databaseUrl);
    if (how.behindProxy) url.port = String(proxy.port);
    return {
      kind,
      env: {
        DATABASE_URL: url.href,
        HOST: '127.0.0.1',
        WORKER_SLOTS: '40',
        AOS_CONNECT_TO: `${TARGET_HOST}=127.0.0.1:${target.port}`,
        AOS_ALLOW_PRIVATE_HOSTS: `127.0.0.1:${target.port}`,
        ...(kind === 'api' ? { PORT: String(await freePort()) } : { WORKER_PORT: '0' }),
        ...options.env,
        ...how.env,
      },
      options: { ...options.options, ...how.options },
    };
  };
  const add = async (kind: Place['kind'], count: number) => {
    for (let n = 1; n <= count; n++) {
      await fleet.add(await place(kind, { behindProxy: proxied && count > 1 && n === count }));
    }
  };
  await add('api', apis);
  await add('worker', workers);
  const all = started.move();
  return {
    server,
    databaseUrl,
    database,
    fleet,
    proxy,
    target,
    apiKey,
    caller: createCaller(fleet, apiKey, random.fork()),
    random,
    place,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function makeDatabase(
  server: ChaosServer,
  bring: (url: string) => Promise<void>,
): Promise<{ readonly url: string }> {
  const name = `chaos_${randomBytes(4).toString('hex')}`;
  const admin = createDatabase({ url: server.url, applicationName: 'chaos', connectionsMax: 1 });
  await admin.query(`create database ${name}`);
  await admin.close();
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  // Refuses a server that could lose what it acknowledged.
  await bring(url.href);
  return { url: url.href };
}
