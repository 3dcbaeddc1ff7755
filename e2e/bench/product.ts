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

import { eventually } from '../checks.ts';
import { startService, type ServiceProcess } from '../process.ts';
import type { BenchDatabase, Server } from './server.ts';
import { PAYLOAD, PLAN, STEPS } from './workload.ts';

/**
 * AOS as it ships, on a database of its own: what it stores is stored by its own code and processes. It
 * has a history of 1,000 runs: statements that are planned for empty tables are no measure of anything.
 */
export interface Product extends AsyncDisposable {
  readonly databaseUrl: string;
  /** As the owner: to ask what is stored. */
  readonly owner: Database;
  readonly base: BenchDatabase;
  /** Accepts runs the way the API does, with 512 callers; resolves when all are stored. */
  load(count: number, more?: Partial<Acceptance>): Promise<void>;
  startWorker(env?: Environment, execArgv?: readonly string[]): Promise<ServiceProcess>;
  startApi(env?: Environment, execArgv?: readonly string[]): Promise<ServiceProcess>;
  newKeys(count: number): Promise<string[]>;
}

type Environment = Readonly<Record<string, string>>;

const CALLERS = 512;
const HISTORY = 1_000;
const FINISH_LIMIT_MS = 600_000;

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
  const all = started.move();
  const start = async (name: 'api' | 'worker', env: Environment, execArgv: readonly string[]) => {
    const cache = process.env['NODE_COMPILE_CACHE'];
    const common = {
      DATABASE_URL: base.url,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      // As the launcher does.
      ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }),
    };
    const options = { logFile: `${server.dir}/${name}.log`, execArgv };
    return all.use(await startService(name, { ...common, ...env }, options));
  };
  const startWorker: Product['startWorker'] = (env = {}, execArgv = []) =>
    start('worker', { WORKER_PORT: '0', ...env }, execArgv);
  const product: Product = {
    base,
    databaseUrl: base.url,
    owner,
    load: (count, more) => load(acceptor, count, more),
    startWorker,
    startApi: (env = {}, execArgv = []) => start('api', { PORT: '0', ...env }, execArgv),
    newKeys: (count) => newKeys(owner, count),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
  await age(product);
  return product;
}

async function age(product: Product): Promise<void> {
  await product.load(HISTORY);
  await using worker = await product.startWorker();
  await untilFinished(product);
  worker.kill('SIGTERM');
  await worker.exited;
  await product.base.settle();
}

export function untilFinished({ owner }: Product): Promise<true> {
  return eventually(async () => {
    const [left] = await owner.query(`select 1 from aos.runs where status <> 'finished' limit 1`);
    return left === undefined ? true : undefined;
  }, FINISH_LIMIT_MS);
}

/** All runs that were stored since the installation are there and succeeded with all their steps. */
export async function assertAllSucceeded({ owner }: Product, loaded: number): Promise<void> {
  const [row] = await owner.query<{ runs: number; steps: number }>(
    `select count(*)::int as runs,
            (select count(*)::int from aos.steps where status = 'completed') as steps
       from aos.runs where outcome = 'succeeded'`,
  );
  const count = loaded + HISTORY;
  if (row?.runs !== count || row.steps !== count * STEPS) {
    throw new Error(`Of ${count} runs ${row?.runs} succeeded, with ${row?.steps} steps.`);
  }
}

export async function assertStored({ owner }: Product, accepted: number): Promise<void> {
  const [row] = await owner.query<{ runs: number }>('select count(*)::int as runs from aos.runs');
  const stored = (row?.runs ?? 0) - HISTORY;
  if (stored !== accepted) throw new Error(`Of ${accepted} accepted runs ${stored} are stored.`);
}

/** Ended runs but for the history, and the seconds from the first start to the last end by the clock of the database. */
export async function workDone({
  owner,
}: Product): Promise<{ readonly count: number; readonly seconds: number }> {
  const [row] = await owner.query<{ count: number; seconds: number }>(
    `select count(*)::int as count,
            extract(epoch from max(finished_at) - min(started_at))::float8 as seconds
       from (select started_at, finished_at from aos.runs
              where finished_at is not null order by finished_at offset ${HISTORY}) as ended`,
  );
  return row ?? { count: 0, seconds: Number.NaN };
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
