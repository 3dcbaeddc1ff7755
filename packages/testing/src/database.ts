import { randomBytes } from 'node:crypto';

import { Client, DatabaseError } from 'pg';

/** A database of one test: empty, its owner a superuser, dropped at the end. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * A new database on the server named by `AOS_TEST_DATABASE_URL` (the test program sets it). Another
 * server of the test program can be named, such as `AOS_TEST_DATABASE_URL_15`. With `copyOf`, it begins as
 * a copy of that database of the same server, to which nobody may be connected.
 */
export async function testDatabase(
  variable = 'AOS_TEST_DATABASE_URL',
  options: { readonly copyOf?: TestDatabase } = {},
): Promise<TestDatabase> {
  const server = process.env[variable];
  if (!server) throw new Error(`${variable} is not set; run this test by \`npm test\`.`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = options.copyOf
    ? ` template ${new URL(options.copyOf.url).pathname.slice(1)}`
    : '';
  await asSuperuser(server, `create database ${name}${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () =>
      asSuperuser(server, `drop database if exists ${name} with (force)`),
  };
}

async function asSuperuser(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** What PostgreSQL says to the transaction that it ends because of another one. */
export function deadlock(): Error {
  return Object.assign(new DatabaseError('deadlock detected', 0, 'error'), { code: '40P01' });
}
