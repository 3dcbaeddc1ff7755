import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { testDatabase, type TestDatabase } from '@aos/testing';
import { Client } from 'pg';

import { createPostgresConnections, type PostgresConnections } from './postgres/connections.ts';
import { postgresQuery } from './postgres-query.ts';
import { attempt, failureOf, outputOf } from './testing.ts';

let database: TestDatabase;
const suffix = randomBytes(6).toString('hex');
const reader = `reader_${suffix}`;
const maker = `maker_${suffix}`;
const heir = `heir_${suffix}`;
const PASSWORD = 'secret-canary';

interface Output {
  columns: { name: string; type: string }[];
  rows: Record<string, unknown>[];
  rowCount: number;
  truncated: boolean;
}

function urlOf(user: string): string {
  const url = new URL(database.url);
  if (user) {
    url.username = user;
    url.password = PASSWORD;
  }
  return url.href;
}

async function asAdmin(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** What the owner sees: the truth about what a query has changed. */
async function truth<T>(sql: string): Promise<T> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<{ value: T }>(`select (${sql}) as value`)).rows[0]?.value as T;
  } finally {
    await client.end();
  }
}

let connections: PostgresConnections;
const ask = (sql: string, more: object = {}, options = {}): Promise<Output> =>
  outputOf<Output>(postgresQuery(connections), { sql, ...more }, options);
const refused = (sql: string, more: object = {}, options = {}): Promise<string> =>
  failureOf(postgresQuery(connections), { sql, ...more }, options);

before(async () => {
  database = await testDatabase();
  await asAdmin(
    ...[reader, maker, heir].map((role) => `create role ${role} login password '${PASSWORD}'`),
    `grant pg_read_server_files to ${heir}`,
    `create table item (id int primary key, name text, price numeric, at timestamptz)`,
    `insert into item select i, 'item ' || i, i / 4.0, timestamptz '2026-01-01 00:00:00+00' + i * interval '1 s'
       from generate_series(1, 5000) i`,
    `grant select on item to ${reader}, ${heir}`,
    // Even a login that was given too much writes nothing.
    `create table target (n int)`,
    `create sequence counter`,
    `grant usage on sequence counter to ${reader}`,
    `grant all on target to ${reader}`,
    `revoke create on schema public from public`,
    `grant create on schema public to ${maker}`,
  );
  connections = createPostgresConnections({
    default: { url: urlOf(reader) },
    listed: { url: urlOf(reader), tenants: ['acme'] },
    admin: { url: database.url },
    maker: { url: urlOf(maker) },
    heir: { url: urlOf(heir) },
    closed: { url: `postgres://${reader}:${PASSWORD}@127.0.0.1:1/x` },
    stranger: { url: urlOf(`nobody_${suffix}`) },
  });
});

after(async () => {
  await connections[Symbol.asyncDispose]();
  await asAdmin(
    ...[reader, maker, heir].flatMap((role) => [`drop owned by ${role}`, `drop role ${role}`]),
  );
  await database[Symbol.asyncDispose]();
});

test('rows come back as objects, with the types of their columns', async () => {
  const output = await ask('select id, name, price, at from item where id = $1', {
    parameters: [2],
  });
  assert.deepEqual(output, {
    columns: [
      { name: 'id', type: 'integer' },
      { name: 'name', type: 'text' },
      { name: 'price', type: 'numeric' },
      { name: 'at', type: 'timestamp with time zone' },
    ],
    rows: [{ id: 2, name: 'item 2', price: '0.50000000000000000000', at: '2026-01-01T00:00:02Z' }],
    rowCount: 1,
    truncated: false,
  });
});

test('every kind of value becomes JSON without losing anything', async () => {
  const { rows } =
    await ask(`select 1 as a, 2 as a, 9007199254740993::int8 as big, 7::int8 as small,
    1.5::numeric as n, 'NaN'::float8 as nan, true as yes, null as nothing, '{"x":[1]}'::jsonb as j,
    array[1,2] as list, array['a','b'] as texts, '\\x00ff'::bytea as bytes, date '2026-02-03' as day,
    interval '1 day 2 hours' as span, '2026-01-02 03:04:05.678'::timestamp as at, 'NUL is impossible' as t`);
  assert.deepEqual(rows, [
    {
      a: 1,
      a_2: 2,
      big: '9007199254740993',
      small: 7,
      n: 1.5,
      nan: null,
      yes: true,
      nothing: null,
      j: { x: [1] },
      list: [1, 2],
      texts: ['a', 'b'],
      bytes: '\\x00ff',
      day: '2026-02-03',
      span: 'P1DT2H',
      at: '2026-01-02T03:04:05.678',
      t: 'NUL is impossible',
    },
  ]);
});

test('parameters are values, whatever is in them', async () => {
  const evil = `'; drop table item; --`;
  const { rows } = await ask('select $1::text as a, $2::jsonb as b, $3::int[] as c', {
    parameters: [evil, { x: evil }, [1, 2]],
  });
  assert.deepEqual(rows, [{ a: evil, b: { x: evil }, c: [1, 2] }]);
});

test('an empty result still tells its columns', async () => {
  const output = await ask('select id from item where false');
  assert.deepEqual(output, {
    columns: [{ name: 'id', type: 'integer' }],
    rows: [],
    rowCount: 0,
    truncated: false,
  });
});

test('rows beyond the limit are cut, and that is told', async () => {
  const cut = await attempt(postgresQuery(connections), {
    sql: 'select id from item order by id',
    rowsMax: 150,
  });
  assert.ok(cut.outcome === 'completed');
  const output = cut.output as unknown as Output;
  assert.deepEqual(
    [output.rowCount, output.truncated, output.rows.at(-1)?.['id']],
    [150, true, 150],
  );
  assert.equal(cut.notes?.length, 1);
  assert.equal((await ask('select id from item', { rowsMax: 5000 })).truncated, false);
  assert.equal(
    (await ask('select id from item where id <= 150', { rowsMax: 150 })).truncated,
    false,
  );
  const wide = await ask(`select repeat('x', 100000) as x from item`, { rowsMax: 10_000 });
  assert.equal(wide.truncated, true);
  assert.ok(wide.rowCount < 25 && wide.rowCount > 15, `${wide.rowCount}`);
});

test('one giant value is refused before it fills the memory', async () => {
  assert.match(await refused(`select repeat('a', 3000000)`), /^failed response_too_large: /);
  const before300 = process.memoryUsage().rss;
  assert.match(await refused(`select repeat('a', 3e8::int)`), /^failed response_too_large: /);
  assert.ok(process.memoryUsage().rss - before300 < 200 * 1024 * 1024);
  assert.equal((await ask('select 1 as one')).rowCount, 1);
});

test('reads begin in many ways', async () => {
  for (const sql of [
    '  -- a comment\n select 1',
    '/* a /* nested */ one */ SELECT 1',
    '(select 1) union (select 2)',
    'with x as (select 1) select * from x',
    'values (1), (2)',
    'table item',
    'show server_version',
    'explain select * from item',
    'select 1;',
  ]) {
    assert.ok((await ask(sql)).columns.length > 0, sql);
  }
});

/** Each must fail, and leave nothing behind. */
const hostile: readonly string[] = [
  'COMMIT; CREATE TABLE pwn(x int); BEGIN',
  'SET TRANSACTION READ WRITE; INSERT INTO target VALUES (1)',
  'SET TRANSACTION READ WRITE',
  'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
  'insert into target values (1)',
  'with x as (insert into target values (1) returning 1) select 1',
  'select 1; insert into target values (1)',
  'select * from item; drop table item; --',
  '1; drop table item',
  '/* select */ insert into target values (1)',
  'explain analyze insert into target values (1)',
  'select * into pwn from item',
  'create table pwn (x int)',
  'create temp table pwn (x int)',
  `copy item to program 'id'`,
  `copy item to '/tmp/pwn'`,
  `copy item to stdout`,
  `select pg_read_file('/etc/passwd')`,
  `select pg_ls_dir('/')`,
  `select lo_export(1, '/tmp/pwn')`,
  `select pg_reload_conf()`,
  `select nextval('counter')`,
  `notify pgboss, 'x'`,
  'listen pgboss',
  'reset role',
  'reset all',
  `set role postgres`,
  `set session authorization postgres`,
  `select set_config('role', 'postgres', false)`,
  `select set_config('session_authorization', 'postgres', false)`,
  `select set_config('transaction_read_only', 'off', false)`,
  'create extension dblink',
  'do $$ begin perform 1; end $$',
  'call nothing()',
  'lock table item in access exclusive mode',
  'select * from item for update',
  'prepare p as select 1',
  'declare c cursor with hold for select 1',
  'vacuum',
  'truncate target',
  'begin',
  'rollback',
  'discard all',
  'refresh materialized view x',
  'select * from pg_authid',
  'select "drop--" from item',
  '',
  ';',
  '-- nothing but a comment',
  '/* never closed',
];
for (const sql of hostile) {
  test(`${JSON.stringify(sql)} fails, and changes nothing`, async () => {
    const told = sql === '' ? 'failed query_refused' : await refused(sql);
    assert.match(told, /^failed (query_refused|query_failed)/);
    assert.ok(!told.includes(PASSWORD));
    assert.equal(await truth<string>('select count(*) from target'), '0');
    assert.equal(await truth<string>('select count(*) from item'), '5000');
    assert.equal(await truth<boolean>(`to_regclass('pwn') is null`), true);
  });
}

test('sessions of others are not ended', async () => {
  const asking = await attempt(postgresQuery(connections), {
    sql: 'select pg_terminate_backend(pid) from pg_stat_activity',
  });
  assert.equal(asking.outcome, 'failed');
  assert.equal((await ask('select 1 as one')).rowCount, 1);
});

test('a sleeping, endless or waiting query is stopped by the database', async () => {
  for (const sql of ['select pg_sleep(3600)', 'select count(*) from item a, item b, item c']) {
    assert.match(await refused(sql, {}, { timeoutMs: 600 }), /^failed query_failed: 57014: /, sql);
  }
});

test('a cancelled query is gone from the server', async () => {
  const stop = new AbortController();
  const running = attempt(
    postgresQuery(connections),
    { sql: `select pg_sleep(60) as canary_${suffix}` },
    { signal: stop.signal },
  );
  const active = `select count(*) from pg_stat_activity where state = 'active' and usename = '${reader}' and query like '%canary_${suffix}%'`;
  while ((await truth<string>(active)) === '0');
  stop.abort();
  const result = await running;
  assert.ok(result.outcome === 'failed' && result.failure.code === 'cancelled');
  while ((await truth<string>(active)) !== '0');
});

test('nothing of a session reaches the next query', async () => {
  await ask(
    `select pg_advisory_lock(42), set_config('app.tenant_id', 'other', false), set_config('statement_timeout', '0', false)`,
  );
  assert.equal(
    await truth<string>(`select count(*) from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`),
    '0',
  );
  for (let round = 0; round < 5; round++) {
    const { rows } = await ask(
      `select coalesce(current_setting('app.tenant_id', true), '') as tenant, current_user::text as who`,
    );
    assert.deepEqual(rows, [{ tenant: '', who: reader }]);
  }
});

test('what a read-only transaction lets through is rolled back', async () => {
  // PostgreSQL 15 makes the object, later versions refuse.
  await attempt(postgresQuery(connections), { sql: 'select lo_create(0)' });
  assert.equal(await truth<string>('select count(*) from pg_largeobject_metadata'), '0');
});

test('a message to listeners is never sent', async () => {
  const listener = new Client({ connectionString: database.url });
  await listener.connect();
  const heard: (string | undefined)[] = [];
  listener.on('notification', ({ payload }) => heard.push(payload));
  await listener.query('listen canary');
  await ask(`select pg_notify('canary', 'from the skill')`);
  await listener.query(`select pg_notify('canary', 'the end')`);
  while (heard.length === 0) await listener.query('select 1');
  await listener.end();
  assert.deepEqual(heard, ['the end']);
});

test('an unknown connection and one of other tenants look the same', async () => {
  assert.equal(
    await refused('select 1', { connection: 'nosuch' }),
    'failed query_refused: There is no connection "nosuch" for this tenant.',
  );
  assert.equal(
    await refused('select 1', { connection: 'listed' }),
    'failed query_refused: There is no connection "listed" for this tenant.',
  );
  assert.match(await refused('select 1', { connection: '__proto__' }), /^failed query_refused/);
  assert.equal((await ask('select 1', { connection: 'listed' }, { tenant: 'acme' })).rowCount, 1);
});

test('a login that could do more than read is refused, and told why', async () => {
  assert.match(
    await refused('select 1', { connection: 'admin' }),
    /^failed query_refused: .*is a superuser/,
  );
  assert.match(
    await refused('select 1', { connection: 'maker' }),
    /^failed query_refused: .*can create tables/,
  );
  assert.match(
    await refused('select 1', { connection: 'heir' }),
    /^failed query_refused: .*is a member of pg_read_server_files/,
  );
});

test('failures of the connection tell nothing but its name', async () => {
  const closed = await refused('select 1', { connection: 'closed' });
  assert.equal(
    closed,
    'failed target_unreachable: The database of "closed" does not answer (ECONNREFUSED).',
  );
  const stranger = await refused('select 1', { connection: 'stranger' });
  assert.match(stranger, /^failed query_refused: The connection "stranger" cannot log in \(28/);
});

test('the words of the database about a query are told', async () => {
  assert.equal(
    await refused('select nosuch from item'),
    'failed query_failed: 42703: column "nosuch" does not exist',
  );
  assert.match(await refused('select 1 / 0'), /^failed query_failed: 22012: /);
  assert.match(
    await refused('select $1::int', { parameters: ['x'] }),
    /^failed query_failed: 22P02: /,
  );
  assert.match(await refused('select $2'), /^failed query_failed: /);
});

test('many queries share few connections', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`select ${i} as i`)));
  assert.deepEqual(
    answers.map(({ rows }) => rows[0]?.['i']),
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.ok(
    Number(
      await truth<string>(`select count(*) from pg_stat_activity where usename = '${reader}'`),
    ) <= 8,
  );
});
