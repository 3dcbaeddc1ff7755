import { completeAgent, newId } from '@aos/core';
import {
  agents,
  apiKeys,
  createAcceptor,
  createDatabase,
  migrate,
  openQueue,
  type Acceptance,
  type Acceptor,
  type Database,
} from '@aos/store';
import { startService, type ServiceProcess } from '../process.ts';
import type { BenchDatabase, Server } from './server.ts';
import { PAYLOAD, PLAN } from './workload.ts';

/** AOS as it ships, on a database of its own: what it stores is stored by its own code and processes. */
export interface Product extends AsyncDisposable {
  readonly databaseUrl: string;
  /** As the owner: to ask what is stored. */
  readonly owner: Database;
  readonly base: BenchDatabase;
  /** Accepts runs the way the API does, with so many requests under way; resolves when all are stored. */
  load(count: number, more?: Partial<Acceptance>): Promise<void>;
  startWorker(env?: Environment, execArgv?: readonly string[]): Promise<ServiceProcess>;
  startApi(env?: Environment): Promise<ServiceProcess>;
  newKeys(count: number): Promise<string[]>;
}

type Environment = Readonly<Record<string, string>>;

const CALLERS = 512;

export async function installProduct(server: Server): Promise<Product> {
  await using started = new AsyncDisposableStack();
  const base = started.use(await server.database());
  await migrate(base.url);
  const open = (role?: 'aos_api') => {
    const options = { url: base.url, applicationName: 'bench', connectionsMax: 4 };
    const database = createDatabase({ ...options, ...(role && { role }) });
    started.defer(() => database.close());
    return database;
  };
  const owner = open();
  const general = completeAgent({ name: 'general', description: 'Does what the bench asks for.' });
  await agents.create(owner, 'default', general);
  const api = open('aos_api');
  const queue = await openQueue(api, { maintain: false, onError: () => {} });
  started.defer(() => queue.stop());
  const acceptor = createAcceptor(api, queue);
  started.defer(() => acceptor.close());
  const common = { DATABASE_URL: base.url, HOST: '127.0.0.1', LOG_LEVEL: 'info' };
  const all = started.move();
  const start = async (
    name: 'api' | 'worker',
    env: Environment,
    execArgv: readonly string[] = [],
  ) => {
    const options = { logFile: `${server.dir}/${name}.log`, execArgv };
    return all.use(await startService(name, { ...common, ...env }, options));
  };
  return {
    base,
    databaseUrl: base.url,
    owner,
    load: (count, more) => load(acceptor, count, more),
    startWorker: (env = {}, execArgv = []) =>
      start('worker', { WORKER_PORT: '0', ...env }, execArgv),
    startApi: (env = {}) => start('api', { PORT: '0', ...env }),
    newKeys: (count) => newKeys(owner, count),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function load(acceptor: Acceptor, count: number, more: Partial<Acceptance> = {}) {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await acceptor.accept({ ...acceptance(), ...more });
  };
  await Promise.all(Array.from({ length: Math.min(CALLERS, count) }, caller));
}

/** What the API makes of a request with a plan. */
function acceptance(): Acceptance {
  return {
    tenant: 'default',
    by: 'bench',
    runId: newId('run'),
    agent: 'general',
    agentVersion: 1,
    planner: 'static',
    goal: { goal: 'Pass a text on, three times', input: PAYLOAD, limits: {}, tags: [], plan: PLAN },
    priority: 0,
    plan: PLAN,
  };
}

async function newKeys(owner: Database, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let n = 0; n < count; n++) {
    const name = `bench-${n}`;
    const { key } = await apiKeys.create(owner, { tenant: 'default', name, scopes: ['admin'] });
    keys.push(key);
  }
  return keys;
}
