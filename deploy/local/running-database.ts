import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { queryConnectionsOf, workerUrlOf } from './installation.ts';
import { LOGINS_FILE, type Logins } from './logins.ts';
import { postmaster } from './postmaster.ts';

/** What a worker needs of a database. */
export interface WorkerDatabase {
  readonly workerUrl: string;
  readonly queryConnections?: Readonly<Record<string, { readonly url: string }>>;
}

/** The embedded server that another launcher keeps in this home; undefined when none runs. */
export function runningDatabase(home: string): WorkerDatabase | undefined {
  const server = postmaster(join(home, 'postgres', 'data'));
  if (!server?.ready) return undefined;
  let logins: Logins;
  try {
    logins = JSON.parse(readFileSync(join(home, LOGINS_FILE), 'utf8')) as Logins;
  } catch {
    return undefined;
  }
  const url = `postgres://127.0.0.1:${server.port}`;
  return {
    workerUrl: workerUrlOf(url, logins),
    queryConnections: queryConnectionsOf(url, logins),
  };
}
