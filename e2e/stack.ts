import { createClient, type Client } from '@aos/sdk';
import { apiKeys, createDatabase, migrate, type Database } from '@aos/store';
import { testDatabase } from '@aos/testing';

import { startService, type ServiceProcess } from './process.ts';

/** A whole AOS on a database of its own: real processes, spoken to over HTTP. */
export interface Stack extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly client: Client;
  readonly api: ServiceProcess;
  readonly workers: readonly ServiceProcess[];
  /** As the superuser, to compare what the API says with what is stored. */
  readonly database: Database;
  readonly databaseUrl: string;
  /** One more replica. `waitReady: false` for those that are to die early. */
  addWorker(
    env?: Readonly<Record<string, string>>,
    options?: { readonly waitReady?: boolean },
  ): Promise<ServiceProcess>;
  addApi(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
}

export interface StackOptions {
  readonly workers?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startStack({ workers = 1, env = {} }: StackOptions = {}): Promise<Stack> {
  const started = new AsyncDisposableStack();
  try {
    return await build(started, workers, env);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function build(
  started: AsyncDisposableStack,
  workers: number,
  env: Readonly<Record<string, string>>,
): Promise<Stack> {
  const { url: databaseUrl } = started.use(await testDatabase());
  // The shared test server does not sync: nothing here outlives it.
  await migrate(databaseUrl, { allowUnsafe: true });
  const database = createDatabase({ url: databaseUrl, applicationName: 'e2e', connectionsMax: 4 });
  started.defer(() => database.close());
  const { key } = await apiKeys.create(database, {
    tenant: 'default',
    name: 'e2e',
    scopes: ['admin'],
  });

  const common = { DATABASE_URL: databaseUrl, HOST: '127.0.0.1', LOG_LEVEL: 'debug', ...env };
  const addApi = async (more: Readonly<Record<string, string>> = {}) =>
    started.use(await startService('api', { ...common, PORT: '0', ...more }));
  const pool: ServiceProcess[] = [];
  const addWorker: Stack['addWorker'] = async (more = {}, options = {}) => {
    const worker = started.use(
      await startService('worker', { ...common, WORKER_PORT: '0', ...more }, options),
    );
    pool.push(worker);
    return worker;
  };
  const api = await addApi();
  for (let n = 0; n < workers; n++) await addWorker();

  const url = `http://127.0.0.1:${api.port}`;
  return {
    url,
    key,
    client: createClient({ url, apiKey: key }),
    api,
    workers: pool,
    database,
    databaseUrl,
    addWorker,
    addApi,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
