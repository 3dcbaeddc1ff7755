import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { createDatabase, migrate, type Database } from '@aos/store';
import { testDatabase, type TestDatabase } from '@aos/testing';

import { aos } from './aos.fixture.ts';
import { cliVersion } from './cli-version.ts';

describe('aos doctor', () => {
  let server: TestDatabase;
  let database: Database;
  const api = createServer((request, response) => {
    const ready = request.url === '/version' ? { version: cliVersion() } : { status: 'ok' };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(ready));
  });
  before(async () => {
    server = await testDatabase();
    await migrate(server.url, { allowUnsafe: true });
    database = createDatabase({ url: server.url, applicationName: 'plant', connectionsMax: 1 });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    api.close();
    await database.close();
    await server[Symbol.asyncDispose]();
  });
  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    environment: {
      DATABASE_URL: server.url,
      AOS_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      ...more,
    },
  });

  test('tells each finding in a line, what to do below it, and fails when something must be mended', async () => {
    const { code, out } = await aos(['doctor'], environment());
    assert.equal(code, 1, out);
    assert.match(out, /^ok {4}configuration: /);
    assert.match(out, /\nok {4}API: The API at \S+ is ready/);
    assert.match(out, /\nok {4}schema: All \d+ objects/);
    // The server of the tests does not sync, and nobody works.
    assert.match(out, /\nFAIL {2}durability: PostgreSQL runs with fsync = off/);
    assert.match(out, /\nFAIL {2}workers: No worker lives\.\n {6}Start one\./);
    assert.match(out, /\n\d+ to mend, \d+ to look at\.\n$/);
  });

  test('finds a change of the schema, and an API that is away', async () => {
    await database.query('drop index aos.workers_live');
    const away = environment({ AOS_URL: 'http://127.0.0.1:1' });
    const { out } = await aos(['doctor', '--json'], away);
    const found = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { check: string; verdict: string; detail: string });
    const failed = new Map(
      found.filter(({ verdict }) => verdict === 'fail').map(({ check, detail }) => [check, detail]),
    );
    assert.match(failed.get('schema') ?? '', /lacks: index .*workers_live/);
    assert.match(failed.get('API') ?? '', /does not answer/);
  });

  test('a database that is away is a finding, and the rest is told all the same', async () => {
    const { code, out } = await aos(
      ['doctor'],
      environment({ DATABASE_URL: 'postgres://127.0.0.1:1/aos' }),
    );
    assert.equal(code, 1);
    assert.match(out, /\nok {4}API: /);
    assert.match(out, /\nFAIL {2}database: The database cannot be read: .*ECONNREFUSED/);
  });
});
