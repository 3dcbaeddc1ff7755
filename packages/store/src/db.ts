import { createHash } from 'node:crypto';

import { AosError, TENANT_NAME } from '@aos/core';
import {
  Client,
  DatabaseError,
  Pool,
  type ClientBase,
  type ClientConfig,
  type QueryResult,
} from 'pg';

/** Runs one statement: a pool, or a transaction. */
export interface Db {
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** A pool of connections in one role. */
export interface Database extends Db {
  /** All or nothing. Rolled back when `work` throws. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** A transaction that sees and writes the rows of these tenants alone (row-level security). */
  actingFor<T>(tenants: readonly string[], work: (tx: Db) => Promise<T>): Promise<T>;
  /** A connection of its own, outside the pool: for LISTEN and advisory locks. */
  connect(): Promise<Client>;
  /** Of the pool, now. `waiting` are callers without a connection. */
  connections(): { readonly idle: number; readonly busy: number; readonly waiting: number };
  close(): Promise<void>;
}

export type DatabaseRole = 'aos_api' | 'aos_worker' | 'aos_reader';

export interface DatabaseOptions {
  readonly url: string;
  /** Taken at connect; left out, the login's own role (migrations). */
  readonly role?: DatabaseRole;
  readonly applicationName: string;
  readonly connectionsMax?: number;
  /** Told of connections that break while idle; without a listener they would end the process. */
  readonly onError?: (error: Error) => void;
  /** How long one statement may take; 8 s when left out. */
  readonly queryTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 8_000;
/** A partitioned client must not hold row locks: the server ends it. */
const SESSION = {
  statement_timeout: 5_000,
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 5_000,
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 5_000,
};

/**
 * Workers find their rows by keys alone. Left to itself the server plans such statements anew each time, since
 * a plan for known keys looks cheaper when a table has parts; the planning takes longer than the rest.
 */
const KEYED = { plan_cache_mode: 'force_generic_plan' };

export function createDatabase(options: DatabaseOptions): Database {
  const config = clientConfig(options);
  const onError = options.onError ?? (() => {});
  const pool = new Pool({ ...config, max: options.connectionsMax ?? 10 });
  pool.on('error', onError);
  // A checked-out client whose socket breaks emits too; unheard, that ends the process.
  pool.on('connect', (client) => client.on('error', onError));

  const transaction = async <T>(work: (tx: Db) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => raise(error));
    let broken: Error | undefined;
    try {
      // Not waited for: on a pipelined connection the first statement travels right behind it.
      const begun = run(client, 'begin', undefined);
      begun.catch(() => {});
      const result = await work(db(client));
      await begun;
      await commit(client);
      return result;
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      client.release(broken);
    }
  };

  return {
    ...db(pool),
    transaction,
    actingFor: (tenants, work) =>
      transaction(async (tx) => {
        await tx.query(`select set_config('aos.tenants', $1, true)`, [tenantList(tenants)]);
        return work(tx);
      }),
    async connect() {
      const client = new Client(config);
      client.on('error', onError);
      await client.connect().catch((error: unknown) => raise(error));
      return client;
    },
    connections: () => ({
      idle: pool.idleCount,
      busy: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}

export function db(client: Pool | ClientBase): Db {
  return { query: (text, values) => run(client, text, values) };
}

/** An error that `work` swallowed has doomed the transaction: the server says so, but does not fail. */
async function commit(client: ClientBase): Promise<void> {
  const { command } = await client.query('commit').catch((error: unknown) => raise(error));
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back.');
}

/** The SQLSTATE of a database error, through whatever wraps it. */
export function sqlState(error: unknown): string | undefined {
  const source = error instanceof AosError ? error.cause : error;
  return source instanceof DatabaseError ? source.code : undefined;
}

/** The name of the constraint that a database error tells of, or nothing. */
export function violated(error: unknown): string {
  return (error instanceof DatabaseError && error.constraint) || '';
}

/** Deadlock or serialization failure: the same statements will pass when sent again. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40P01' || state === '40001';
}

/** The database answered that it could not do it in time: a lock or a limit was in the way. */
export function isBusy(error: unknown): boolean {
  const state = sqlState(error);
  return state === '55P03' || state === '57014';
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof AosError && error.code === 'database_unavailable';
}

/** It says nothing about what was sent: the same may pass when it is sent again. */
export function isPassing(error: unknown): boolean {
  return isUnavailable(error) || isConflict(error) || isBusy(error);
}

function clientConfig(options: DatabaseOptions): ClientConfig {
  const settings = Object.entries({
    ...(options.role && { role: options.role }),
    ...(options.role === 'aos_worker' && KEYED),
    ...SESSION,
  });
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
    // Statements are sent without waiting for the answers to those before them.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    options: settings.map(([name, value]) => `-c ${name}=${value}`).join(' '),
  };
}

async function run<R>(
  client: Pool | ClientBase,
  text: string,
  values: readonly unknown[] | undefined,
): Promise<R[]> {
  try {
    const result = values
      ? await client.query({ name: nameOf(text), text, values: [...values] })
      : await client.query(text);
    // Several statements in one text give a list of results.
    return (Array.isArray(result) ? result : [result]).flatMap(
      (one: QueryResult) => one.rows as R[],
    );
  } catch (error) {
    raise(error);
  }
}

const names = new Map<string, string>();

/** A statement with parameters is prepared once a connection: planning it anew costs about 1 ms. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
    names.set(text, name);
  }
  return name;
}

function tenantList(tenants: readonly string[]): string {
  for (const tenant of tenants) {
    if (!TENANT_NAME.test(tenant)) throw new Error(`Not a tenant name: ${JSON.stringify(tenant)}`);
  }
  return [...new Set(tenants)].join(',');
}

const UNAVAILABLE_STATES = /^(08|57P0|53)/;
const UNAVAILABLE_ERRORS =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|Connection terminated|timeout exceeded|Query read timeout|not queryable|Cannot use a pool after/;

/** A lost connection becomes `database_unavailable`; errors of the statement itself pass as they are. */
function raise(error: unknown): never {
  if (error instanceof DatabaseError && !UNAVAILABLE_STATES.test(error.code ?? '')) throw error;
  const text =
    error instanceof Error ? `${(error as { code?: string }).code} ${error.message}` : '';
  if (error instanceof DatabaseError || UNAVAILABLE_ERRORS.test(text)) {
    throw new AosError('database_unavailable', 'The database does not answer.', { cause: error });
  }
  throw error;
}
