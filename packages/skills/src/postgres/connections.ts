import { AosError, type Json } from '@aos/core';
import { DatabaseError, Pool, type PoolClient } from 'pg';

import { readRows, type Rows } from './read-rows.ts';
import { refuseMightyRole } from './role-check.ts';
import { isReading } from './statement.ts';

/** A database the operator has opened for queries. Without `tenants` every tenant may use it. */
export interface QueryConnection {
  readonly url: string;
  readonly tenants?: readonly string[];
}

export interface PostgresQuery {
  readonly connection: string;
  readonly tenant: string;
  readonly sql: string;
  readonly parameters: readonly Json[];
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

export interface PostgresConnections extends AsyncDisposable {
  /** Runs one reading statement, and leaves nothing behind in the database or the session. */
  query(query: PostgresQuery, signal: AbortSignal): Promise<Rows>;
}

const CLIENTS_MAX = 4;
const CONNECT_MS_MAX = 5000;
const IDLE_MS = 10_000;
const LOCK_MS_MAX = 2000;

export function createPostgresConnections(
  connections: Readonly<Record<string, QueryConnection>>,
): PostgresConnections {
  const pools = new Map<string, Pool>();
  const poolOf = (name: string, url: string): Pool => {
    const pool = pools.get(name) ?? newPool(url);
    pools.set(name, pool);
    return pool;
  };
  return {
    async query(query, signal) {
      const { connection, tenant } = query;
      const known = Object.hasOwn(connections, connection) ? connections[connection] : undefined;
      // The same words for both, so that nobody learns the names of others.
      if (!known || (known.tenants && !known.tenants.includes(tenant))) {
        throw new AosError(
          'query_refused',
          `There is no connection ${JSON.stringify(connection)} for this tenant.`,
        );
      }
      if (!isReading(query.sql)) {
        throw new AosError(
          'query_refused',
          'Only select, with, values, table, show and explain are allowed.',
        );
      }
      try {
        return await onClient(poolOf(connection, known.url), query, signal);
      } catch (error) {
        throw failureOf(error, connection);
      }
    },
    async [Symbol.asyncDispose]() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.end()));
    },
  };
}

function newPool(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'aos postgres_query',
    max: CLIENTS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
  });
  // A client that breaks while idle is replaced; without a listener it would end the process.
  pool.on('error', () => {});
  return pool;
}

const ignore = (): void => {};
const checked = new WeakSet<PoolClient>();

async function onClient(pool: Pool, query: PostgresQuery, signal: AbortSignal): Promise<Rows> {
  const client = await pool.connect();
  // The pool listens only while a client is idle.
  client.on('error', ignore);
  const hangUp = (): void => hangUpOn(client);
  signal.addEventListener('abort', hangUp, { once: true });
  let clean = false;
  try {
    signal.throwIfAborted();
    if (!checked.has(client)) await refuseMightyRole(client, query.connection);
    checked.add(client);
    const rows = await inReadOnly(client, query);
    clean = true;
    return rows;
  } finally {
    signal.removeEventListener('abort', hangUp);
    client.off('error', ignore);
    // Whatever went wrong, the next query gets another session.
    client.release(!clean);
  }
}

async function inReadOnly(client: PoolClient, query: PostgresQuery): Promise<Rows> {
  // So that the server notices when we hang up. Some servers cannot; their time limit has to do.
  await client.query('set client_connection_check_interval = 1000').catch(ignore);
  const timeoutMs = Math.max(1, Math.floor(query.timeoutMs));
  await client.query(
    `begin read only;
     set local statement_timeout = ${timeoutMs};
     set local lock_timeout = ${Math.min(LOCK_MS_MAX, timeoutMs)};
     set local idle_in_transaction_session_timeout = ${timeoutMs};
     set local datestyle = 'ISO, YMD';
     set local intervalstyle = 'iso_8601';
     set local bytea_output = 'hex';
     set local time zone 'UTC'`,
  );
  const rows = await readRows(client, query, query);
  await client.query('rollback');
  // Session locks, settings, listeners and temporary things outlive a transaction.
  await client.query('discard all');
  return rows;
}

function hangUpOn(client: PoolClient): void {
  (
    client as unknown as { connection: { stream: { destroy(): void } } }
  ).connection.stream.destroy();
}

/** The server's words about a query are told; nothing about the connection but its name is. */
function failureOf(cause: unknown, connection: string): unknown {
  if (cause instanceof AosError || !(cause instanceof Error)) return cause;
  const name = JSON.stringify(connection);
  const code = (cause as { code?: string }).code ?? '';
  if (!(cause instanceof DatabaseError)) {
    const reason = /^E[A-Z_]+$/.test(code) ? ` (${code})` : '';
    return new AosError('target_unreachable', `The database of ${name} does not answer${reason}.`, {
      cause,
    });
  }
  // 28: wrong login; 3D: no such database. Only the operator can mend them.
  if (/^(28|3D)/.test(code)) {
    return new AosError('query_refused', `The connection ${name} cannot log in (${code}).`, {
      cause,
    });
  }
  if (/^(57P0[123]|53300|08)/.test(code)) {
    return new AosError(
      'target_unreachable',
      `The database of ${name} is not available (${code}).`,
      {
        cause,
      },
    );
  }
  if (code === '42601' && cause.message.includes('multiple commands')) {
    return new AosError('query_refused', 'Only one statement is allowed.', { cause });
  }
  return new AosError('query_failed', `${code}: ${cause.message}`, { cause });
}
