import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Report } from '@aos/core';
import { createClient } from '@aos/sdk';
import { createDatabase } from '@aos/store';

import { eventually, testGround, type Ground } from './launched.ts';
import { startPostgres } from './postgres.ts';
import { postmaster } from './postmaster.ts';

const READY = 'AOS is ready: http://127.0.0.1:';

test('npm start runs the welcome goal, stays up, refuses a second start, and stops whole', async (t) => {
  const ground = await testGround(t);
  const aos = ground.start();
  await aos.printed(READY);
  assert.match(aos.stdout(), /Planned by rules: 3 steps[^]*The run has succeeded[^]*Result/);
  assert.match(aos.stdout(), /AOS turns goals into finished work/);

  assert.equal(readFileSync(join(ground.home, 'url'), 'utf8').trim(), ground.url);
  const client = createClient({ url: ground.url, apiKey: keyOf(ground) });
  const { items } = await client.runs.list();
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['succeeded'],
  );

  const second = ground.start([], { PORT: '0' });
  assert.equal(await second.ended(), 1);
  assert.match(second.stderr(), /^AOS stopped: AOS runs already in .* \(process \d+\)\. .*\n$/);

  assert.deepEqual(await loginsInUse(ground), ['aos_api', 'aos_worker']);

  const stopping = performance.now();
  aos.child.kill('SIGTERM');
  assert.equal(await aos.ended(), 0);
  assert.ok(performance.now() - stopping < 15_000);
  assert.deepEqual(ground.processes(), []);
  assert.deepEqual(
    readdirSync(ground.home).filter((name) => /lock|new|stale/.test(name)),
    [],
  );

  const key = keyOf(ground);
  const again = ground.start(['--no-welcome']);
  await again.printed(READY);
  assert.equal(keyOf(ground), key);
  assert.equal((await client.runs.list()).items.length, 1);
  // The terminal is closed: nobody reads what it says any more.
  again.child.stdout?.destroy();
  again.child.kill('SIGHUP');
  assert.equal(await again.ended(), 0);
  assert.deepEqual(ground.processes(), []);
});

test('the sample database can be read through its login, and not written', async (t) => {
  const ground = await testGround(t);
  const aos = ground.start(['--no-welcome'], { WORKERS: '0' });
  await aos.printed(READY);
  const port = postmaster(join(ground.home, 'postgres', 'data'))?.port;
  const { aos_query: password } = JSON.parse(
    readFileSync(join(ground.home, 'database-logins.json'), 'utf8'),
  ) as { aos_query: string };
  const as = (database: string) =>
    createDatabase({
      url: `postgres://aos_query:${password}@127.0.0.1:${port}/${database}`,
      applicationName: 'test',
    });
  const data = as('aos_data');
  const [row] = await data.query<{ n: number }>('select count(*)::int as n from planets');
  assert.equal(row?.n, 10);
  await assert.rejects(
    data.query(`begin; set transaction read write; delete from planets; commit`),
    /permission denied for table planets/,
  );
  await assert.rejects(data.query('create table mine ()'), /read-only|permission denied/);
  await data.close();
  for (const database of ['aos', 'postgres']) {
    const other = as(database);
    await assert.rejects(other.query('select 1'), /permission denied for database/);
    await other.close();
  }
  aos.child.kill('SIGTERM');
  assert.equal(await aos.ended(), 0);
});

test('--once prints only the report on stdout, and its exit code is the outcome', async (t) => {
  const ground = await testGround(t);
  const page = createServer((_request, response) =>
    response.end('<html><h1>One</h1><h2>Two</h2></html>'),
  );
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const host = `127.0.0.1:${(page.address() as { port: number }).port}`;
  const env = { AOS_ALLOW_PRIVATE_HOSTS: host };

  const good = ground.start(['--once', `Fetch HTML of http://${host}/, extract headings`], env);
  assert.equal(await good.ended(), 0, good.stderr());
  const report = JSON.parse(good.stdout()) as Report;
  assert.equal(report.outcome, 'succeeded');
  assert.match(JSON.stringify(report.output), /One.*Two/);

  const bad = ground.start(['--once', `Fetch HTML of http://127.0.0.1:1/, extract headings`], env);
  assert.equal(await bad.ended(), 1);
  assert.equal((JSON.parse(bad.stdout()) as Report).outcome, 'failed');

  const wrong = ground.start(['--twice']);
  assert.equal(await wrong.ended(), 2);
  assert.equal(wrong.stdout(), '');
  assert.match(wrong.stderr(), /--twice[^]*Usage: npm start/);
  assert.deepEqual(ground.processes(), []);
});

test('a port in use, a bad database, an unsafe one and a bad setting: one sentence, nothing started', async (t) => {
  const ground = await testGround(t);
  const busy = createTcpServer();
  await new Promise<void>((resolve) => busy.listen(ground.port, '127.0.0.1', resolve));
  t.after(() => busy.close());
  const unsafe = process.env['AOS_TEST_DATABASE_URL'] ?? '';
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{}, /^AOS stopped: Port \d+ on 127\.0\.0\.1 is in use\. [^\n]*\n$/],
    [
      { PORT: '0', DATABASE_URL: 'postgres://me:canary@127.0.0.1:1/aos' },
      /^AOS stopped: The database of DATABASE_URL cannot be used: [^\n]*\n$/,
    ],
    [{ PORT: '0', DATABASE_URL: unsafe }, /fsync = off, so it may lose accepted runs/],
    [{ PORT: '0', WORKERS: 'two' }, /^AOS stopped: Configuration: WORKERS must be [^\n]*\n$/],
    [
      { PORT: '0', AOS_HOME: '/dev/null/home' },
      /^AOS stopped: The folder [^\n]*\(ENOTDIR\)[^\n]*\n$/,
    ],
  ];
  for (const [env, sentence] of cases) {
    const aos = ground.start([], env);
    assert.equal(await aos.ended(), 1);
    assert.match(aos.stderr(), sentence);
    assert.doesNotMatch(aos.stdout() + aos.stderr(), /canary/);
    assert.deepEqual(ground.processes(), []);
  }
  assert.equal(existsSync(join(ground.home, 'postgres')), false);
});

test('a database of a newer schema is refused, and its server stopped again', async (t) => {
  const ground = await testGround(t);
  const server = await startPostgres({ dir: join(ground.home, 'postgres'), keep: true });
  const admin = createDatabase({ url: server.url, applicationName: 'test' });
  await admin.query('create database aos');
  await admin.close();
  const aos = createDatabase({
    url: server.url.replace(/postgres$/, 'aos'),
    applicationName: 'test',
  });
  await aos.query(`
    create schema aos;
    create table aos.migrations (id serial, name text, run_on timestamp);
    insert into aos.migrations (name, run_on) values ('9999_from-the-future', now())`);
  await aos.close();
  await server.stop();

  const old = ground.start();
  assert.equal(await old.ended(), 1);
  assert.match(
    old.stderr(),
    /^AOS stopped: The database has a newer schema \(9999_from-the-future\)/,
  );
  assert.deepEqual(ground.processes(), []);
});

test('after the launcher is killed its services end, and the next start goes on where it stopped', async (t) => {
  const ground = await testGround(t);
  const waiting: ServerResponse[] = [];
  const page = createServer((_request, response) => waiting.push(response));
  const release = (): void => {
    page.on('request', (_request, response) => response.end('<h1>Late</h1>'));
    for (const response of waiting) response.end('<h1>Late</h1>');
  };
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const host = `127.0.0.1:${(page.address() as { port: number }).port}`;
  const env = { AOS_ALLOW_PRIVATE_HOSTS: host, WORKERS: '1', WORKER_GRACE_MS: '500' };

  const first = ground.start(['--no-welcome'], env);
  await first.printed(READY);
  const client = createClient({ url: ground.url, apiKey: keyOf(ground) });
  const run = await client.runs.create({ goal: `Fetch HTML of http://${host}/, extract headings` });
  await eventually(() => waiting.length > 0);
  const server = postmaster(join(ground.home, 'postgres', 'data'));
  first.child.kill('SIGKILL');
  await first.ended();
  await eventually(() => ground.processes().every(({ command }) => !command.includes('main.ts')));
  assert.equal(postmaster(join(ground.home, 'postgres', 'data'))?.pid, server?.pid);

  const second = ground.start(['--no-welcome'], env);
  await second.printed(READY);
  assert.equal(postmaster(join(ground.home, 'postgres', 'data'))?.pid, server?.pid);
  release();
  await eventually(async () => (await client.runs.get(run.id)).outcome === 'succeeded');
  second.child.kill('SIGTERM');
  assert.equal(await second.ended(), 0);
  assert.deepEqual(ground.processes(), []);
});

test('a database that is killed comes back, and the run that was under way goes on', async (t) => {
  const ground = await testGround(t);
  let asked = 0;
  const page = createServer((_request, response) => {
    // The first answer never comes: the database dies meanwhile.
    if (++asked > 1) response.end('<h1>Back</h1>');
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const host = `127.0.0.1:${(page.address() as { port: number }).port}`;
  const aos = ground.start(['--no-welcome'], { AOS_ALLOW_PRIVATE_HOSTS: host });
  await aos.printed(READY);
  const client = createClient({ url: ground.url, apiKey: keyOf(ground) });
  const run = await client.runs.create({ goal: `Fetch HTML of http://${host}/, extract headings` });
  await eventually(() => asked > 0);
  const server = postmaster(join(ground.home, 'postgres', 'data'));
  process.kill(server?.pid ?? 0, 'SIGKILL');
  await aos.printed('PostgreSQL ended unexpectedly and is started again.');
  // While the database is away, asking may fail.
  const outcome = () =>
    client.runs.get(run.id).then(
      (now) => now.outcome,
      () => null,
    );
  await eventually(async () => (await outcome()) === 'succeeded');
  const again = postmaster(join(ground.home, 'postgres', 'data'));
  assert.notEqual(again?.pid, server?.pid);
  assert.equal(again?.port, server?.port);
  aos.child.kill('SIGTERM');
  assert.equal(await aos.ended(), 0);
  assert.deepEqual(ground.processes(), []);
});

test('everything killed at once leaves a run that the next start finishes', async (t) => {
  const ground = await testGround(t);
  let hold = true;
  const page = createServer((_request, response) => {
    if (!hold) response.end('<h1>Late</h1>');
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const host = `127.0.0.1:${(page.address() as { port: number }).port}`;
  const env = { AOS_ALLOW_PRIVATE_HOSTS: host };
  const first = ground.start(['--no-welcome'], env);
  await first.printed(READY);
  const client = createClient({ url: ground.url, apiKey: keyOf(ground) });
  const asked = new Promise((resolve) => page.once('request', resolve));
  const run = await client.runs.create({ goal: `Fetch HTML of http://${host}/, extract headings` });
  await asked;
  hold = false;
  first.child.kill('SIGKILL');
  const server = postmaster(join(ground.home, 'postgres', 'data'));
  for (const { pid } of ground.processes()) process.kill(pid, 'SIGKILL');
  if (server && postmaster(join(ground.home, 'postgres', 'data'))) {
    process.kill(server.pid, 'SIGKILL');
  }
  await first.ended();

  const second = ground.start(['--no-welcome'], env);
  await second.printed(READY);
  await eventually(async () => (await client.runs.get(run.id)).outcome === 'succeeded');
  second.child.kill('SIGTERM');
  assert.equal(await second.ended(), 0);
});

test('a worker that is killed comes back', async (t) => {
  const ground = await testGround(t);
  const aos = ground.start(['--no-welcome'], { WORKERS: '1' });
  await aos.printed(READY);
  const worker = ground.processes().find(({ command }) => command.includes('worker/src/main.ts'));
  process.kill(worker?.pid ?? 0, 'SIGKILL');
  await aos.printed('The worker-1 ended unexpectedly and is started again.');
  const client = createClient({ url: ground.url, apiKey: keyOf(ground) });
  const run = await client.runs.create(
    { goal: 'Fetch HTML of http://127.0.0.1:1/' },
    { waitS: 30 },
  );
  assert.equal(run.outcome, 'failed');
  aos.child.kill('SIGTERM');
  assert.equal(await aos.ended(), 0);
});

test('with a database of the user no server is started', async (t) => {
  const ground = await testGround(t);
  const other = await testGround(t);
  const server = await startPostgres({ dir: join(other.home, 'postgres'), keep: true });
  const aos = ground.start([], { DATABASE_URL: server.url });
  await aos.printed(READY);
  assert.match(aos.stdout(), /The run has succeeded/);
  assert.equal(existsSync(join(ground.home, 'postgres')), false);
  aos.child.kill('SIGTERM');
  assert.equal(await aos.ended(), 0);
  assert.deepEqual(ground.processes(), []);
  await server.stop();
});

function keyOf({ home }: Ground): string {
  return readFileSync(join(home, 'api-key'), 'utf8').trim();
}

/** Who is connected, apart from the launcher itself. */
async function loginsInUse({ home }: Ground): Promise<string[]> {
  const password = readFileSync(join(home, 'postgres', 'password'), 'utf8');
  const port = postmaster(join(home, 'postgres', 'data'))?.port;
  const admin = createDatabase({
    url: `postgres://aos:${encodeURIComponent(password)}@127.0.0.1:${port}/aos`,
    applicationName: 'test',
  });
  const rows = await admin.query<{ usename: string }>(
    `select distinct usename from pg_stat_activity
      where backend_type = 'client backend' and application_name not in ('test', 'aos-local')
      order by usename`,
  );
  await admin.close();
  return rows.map(({ usename }) => usename);
}
