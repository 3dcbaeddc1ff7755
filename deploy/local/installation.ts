import { AosError } from '@aos/core';
import { createDatabase, migrate, type Database } from '@aos/store';

import type { Home } from './home.ts';
import { openLogins, urlAs, type Logins } from './logins.ts';
import { keepPostgres } from './keep-postgres.ts';
import { createSampleData } from './sample-data.ts';

/** The database of this installation, ready for its services. */
export interface Installation {
  readonly apiUrl: string;
  readonly workerUrl: string;
  /** As the owner of the schema. */
  readonly owner: Database;
  /** What `postgres_query` may read, when the user names nothing. */
  readonly queryConnections?: Readonly<Record<string, { readonly url: string }>>;
  /** Closes the connections, and stops the server when it is ours. */
  stop(): Promise<void>;
}

const APPLICATION = 'aos-local';
const DATABASE = 'aos';
const DATA_DATABASE = 'aos_data';
/** Where `aos check` finds the database. */
const READER_FILE = 'reader-url';

/** The user's own database: the services take their roles when they connect. */
export async function openGivenDatabase(url: string): Promise<Installation> {
  try {
    await migrate(url);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AosError('not_ready', `The database of DATABASE_URL cannot be used: ${why}`, {
      cause: error,
    });
  }
  const owner = createDatabase({ url, applicationName: APPLICATION, connectionsMax: 2 });
  return { apiUrl: url, workerUrl: url, owner, stop: () => owner.close() };
}

/** An embedded PostgreSQL in the home; every service gets a login of its own, never the superuser's. */
export async function openEmbeddedDatabase(
  home: Home,
  say: (line: string) => void,
): Promise<Installation> {
  const server = await keepPostgres(home.path('postgres'), say);
  try {
    const admin = createDatabase({ url: server.url, applicationName: APPLICATION });
    try {
      await createDatabases(admin);
      const ownerUrl = withDatabase(server.url, DATABASE);
      await migrate(ownerUrl);
      const logins = await openLogins(admin, home);
      await letIn(admin);
      await withOwner(withDatabase(server.url, DATA_DATABASE), createSampleData);
      const owner = createDatabase({ url: ownerUrl, applicationName: APPLICATION });
      home.write(READER_FILE, urlAs(server.url, 'aos_reader', logins, DATABASE));
      return {
        apiUrl: urlAs(server.url, 'aos_api', logins, DATABASE),
        workerUrl: workerUrlOf(server.url, logins),
        owner,
        queryConnections: queryConnectionsOf(server.url, logins),
        async stop() {
          await owner.close();
          await server.stop();
        },
      };
    } finally {
      await admin.close();
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export function workerUrlOf(serverUrl: string, logins: Logins): string {
  return urlAs(serverUrl, 'aos_worker', logins, DATABASE);
}

/** What `postgres_query` may read on the embedded server. */
export function queryConnectionsOf(serverUrl: string, logins: Logins) {
  return { default: { url: urlAs(serverUrl, 'aos_query', logins, DATA_DATABASE) } };
}

async function createDatabases(admin: Database): Promise<void> {
  const rows = await admin.query<{ datname: string }>('select datname from pg_database');
  const present = new Set(rows.map(({ datname }) => datname));
  for (const name of [DATABASE, DATA_DATABASE]) {
    if (!present.has(name)) await admin.query(`create database ${name}`);
  }
}

/** Who may connect where; by default everybody may everywhere. */
async function letIn(admin: Database): Promise<void> {
  await admin.query(`
    revoke connect, temporary on database postgres, template1, ${DATABASE}, ${DATA_DATABASE} from public;
    grant connect on database ${DATABASE} to aos_api, aos_worker, aos_reader;
    grant connect on database ${DATA_DATABASE} to aos_query`);
}

async function withOwner(url: string, work: (owner: Database) => Promise<void>): Promise<void> {
  const owner = createDatabase({ url, applicationName: APPLICATION });
  try {
    await work(owner);
  } finally {
    await owner.close();
  }
}

function withDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
