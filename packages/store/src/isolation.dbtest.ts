import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { uuidOf } from '@aos/core';

import { beginOperation } from './begin-operation.ts';
import * as apiKeys from './api-keys.ts';
import * as consumers from './consumers.ts';
import { sqlState, type Database, type DatabaseRole, type Db } from './db.ts';
import * as deliveries from './deliveries.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import * as pauses from './pauses.ts';
import * as targets from './targets.ts';
import * as tenants from './tenants.ts';
import { asking, completion, failed, finished, startTestWorker } from './worker.fixture.ts';
import * as webhooks from './webhooks.ts';
import * as workspace from './workspace.ts';

describe('who may do what in the database', () => {
  let store: TestStore;
  let tables: string[];

  before(async () => {
    store = await startTestStore();
    await using worker = await startTestWorker(store);
    for (const tenant of ['default', 'other']) {
      await apiKeys.create(store.owner, { tenant, name: 'k', scopes: ['runs:read'] });
      const order = { by: 'k', reason: 'Maintenance' };
      await targets.park(store.owner, { tenant, target: 'http:a:1' }, order);
      const runId = await store.newRun({
        tenant,
        idempotency: { key: 'same', bodyHash: Buffer.alloc(32) },
      });
      const claim = await worker.claim(runId);
      await worker.journal.commit(claim, completion('say'));
      const file = {
        runId,
        stepKey: 'say',
        name: 'a.txt',
        epoch: claim.epoch,
        mediaType: 'text/plain',
        content: Buffer.from('x'),
      };
      await workspace.write(worker.database, file);
      await worker.journal.commit(claim, asking('ask').change);
      const pause = { tenant, scope: 'agent', name: 'nobody', allTenants: false } as const;
      await tenants.acting(store.api, tenant, (tx) =>
        pauses.pause(tx, pause, { by: 'Ann', reason: 'A test.' }),
      );
      await startReaders(store, tenant);
      const broken = await store.newRun({ tenant });
      await worker.journal.commit(await worker.claim(broken), failed);
      await store.owner.query(
        `insert into aos.cases (tenant_id, fingerprint, changed_by) values ($1, 'f', 'me')`,
        [tenant],
      );
      await tenants.acting(store.api, tenant, (tx) =>
        beginOperation(tx, tenant, {
          kind: 'rerun',
          request: { mode: 'replay' },
          selection: { of: 'finished', ids: [broken] },
          canary: [],
          ratePerSecond: 1,
          reason: 'Again.',
          by: 'me',
        }),
      );
    }
    const rows = await store.owner.query<{ name: string }>(
      `select c.relname as name
         from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'aos'::regnamespace and c.relkind in ('r', 'p')
          and not c.relispartition and a.attname = 'tenant_id'
        order by 1`,
    );
    tables = rows.map(({ name }) => name);
  });
  after(() => store[Symbol.asyncDispose]());

  it('every table belongs to tenants, but for seven that belong to the installation', async () => {
    const rows = await store.owner.query<{ name: string }>(
      `select relname as name from pg_class
        where relnamespace = 'aos'::regnamespace and relkind in ('r', 'p') and not relispartition
        order by 1`,
    );
    const others = rows.map(({ name }) => name).filter((name) => !tables.includes(name));
    assert.deepEqual(others, [
      'api_replicas',
      'incarnation',
      'log_state',
      'migrations',
      'skills',
      'tallies',
      'workers',
    ]);
    const loose = await store.owner.query(
      `select relname from pg_class
        where relnamespace = 'aos'::regnamespace and relname = any ($1)
          and not (relrowsecurity and relforcerowsecurity)`,
      [tables],
    );
    assert.deepEqual(loose, []);
    const nullable = await store.owner.query(
      `select table_name from information_schema.columns
        where table_schema = 'aos' and column_name = 'tenant_id' and is_nullable = 'YES'`,
    );
    assert.deepEqual(nullable, []);
  });

  it('acting for one tenant, the API neither sees nor changes a row of another, in any table', async () => {
    assert.ok(tables.length >= 11);
    for (const table of tables) {
      const rows = await store.owner.query<{ tenant_id: string; row: object }>(
        `select tenant_id, to_jsonb(t) as row from aos.${table} t`,
      );
      const theirs = rows.find(({ tenant_id }) => tenant_id === 'other');
      assert.ok(
        theirs && rows.some(({ tenant_id }) => tenant_id === 'default'),
        `${table} has rows of both`,
      );
      await asApi(store, (tx) => onlyOwn(tx, table));
      await refused(
        store,
        `update aos.${table} set tenant_id = tenant_id where tenant_id = 'other'`,
      );
      await refused(store, `update aos.${table} set tenant_id = 'other'`);
      await refused(store, `delete from aos.${table} where tenant_id = 'other'`);
      await refused(
        store,
        `insert into aos.${table} select * from jsonb_populate_record(null::aos.${table}, $1)`,
        [JSON.stringify(theirs.row)],
      );
      const still = await store.owner.query(
        `select to_jsonb(t) as row from aos.${table} t order by t::text`,
      );
      const had = rows.map(({ row }) => JSON.stringify(row)).toSorted();
      assert.deepEqual(
        still.map((one) => JSON.stringify((one as { row: object }).row)).toSorted(),
        had,
      );
    }
  });

  it('no service reaches a part of the log past its whole', async () => {
    const parts = await store.owner.query<{ part: string }>('select part from aos.event_parts()');
    assert.ok(parts.length >= 2);
    const open = await store.owner.query(
      `select relname from pg_class
        where relispartition and relkind = 'r' and relnamespace = 'aos'::regnamespace
          and not (relrowsecurity and relforcerowsecurity)`,
    );
    assert.deepEqual(open, []);
    for (const role of ['aos_api', 'aos_worker', 'aos_reader'] as const) {
      const database = store.database(role);
      for (const { part } of parts) await denied(database, `select 1 from aos.${part}`, role);
    }
  });

  it('acting for nobody, the API sees nothing', async () => {
    for (const table of tables) {
      assert.deepEqual(await store.api.query(`select 1 from aos.${table}`), [], table);
    }
  });

  it('the API cannot give itself the rows of another tenant by way of a parent', async () => {
    const [theirs] = await store.owner.query<{ id: string }>(
      `select id from aos.runs where tenant_id = 'other'`,
    );
    await assert.rejects(store.newRun({ parentRunId: `run_${theirs?.id}` }), {
      code: 'run_not_found',
    });
  });

  it('no service can change the schema', async () => {
    const attempts = [
      'create table aos.x ()',
      'create table public.x ()',
      'create table pgboss.x ()',
      'create schema x',
      'alter table aos.runs add column x int',
      'alter table aos.runs disable row level security',
      'alter table aos.events disable trigger all',
      'drop table aos.events',
      'truncate aos.events',
      'drop trigger finished_is_final on aos.runs',
      'drop policy tenant on aos.runs',
      'create policy x on aos.runs using (true)',
      'create or replace function aos.acting_tenants() returns text[] language sql as $$ select null::text[] $$',
      'delete from aos.migrations',
    ];
    for (const role of ['aos_api', 'aos_worker', 'aos_reader'] as const) {
      const database = store.database(role);
      for (const text of attempts) await denied(database, text, role);
    }
  });

  it('the reader reads everything but secrets, and writes nothing', async () => {
    const reader = store.database('aos_reader');
    for (const table of [...tables, 'skills', 'workers', 'tallies', 'migrations', 'log_state']) {
      const read = `select * from aos.${table}`;
      if (table === 'webhook_secrets') await denied(reader, read, 'aos_reader');
      else await reader.query(read);
      for (const text of [`insert into aos.${table} default values`, `delete from aos.${table}`]) {
        await denied(reader, text, 'aos_reader');
      }
    }
    await denied(reader, 'update aos.runs set priority = 1', 'aos_reader');
    await denied(reader, 'delete from pgboss.job', 'aos_reader');
  });

  it('the journal is append-only, also for workers', async () => {
    const worker = store.database('aos_worker');
    for (const text of [
      `update aos.events set data = '{}'`,
      'delete from aos.events',
      'delete from aos.runs',
      'delete from aos.steps',
      `update aos.plans set hash = ''`,
      `update aos.goals set goal = ''`,
      `update aos.approvals set decision = 'approve', decided_by = 'me', decided_at = now()`,
      'delete from aos.approvals',
      'update aos.agents set definition = definition',
      `insert into aos.api_keys (tenant_id, id, name, secret_hash, scopes) values ('default', gen_random_uuid(), '', '', '{}')`,
      'select aos.find_api_key(gen_random_uuid())',
      `select aos.adopt('why not')`,
      'update aos.incarnation set floor = 0',
      'update aos.consumer_parts set position = 0',
      `update aos.webhooks set url = 'https://example.org'`,
    ]) {
      await denied(worker, text, 'aos_worker');
    }
    const api = store.api;
    for (const text of [
      `update aos.events set data = '{}'`,
      'delete from aos.events',
      'update aos.steps set output = null',
      `update aos.agents set definition = '{}'`,
      'select secret from aos.webhook_secrets',
      `select aos.adopt('why not')`,
      `select aos.drop_event_part('1 day', '0')`,
      `select aos.remove_finished_runs('1 day', gen_random_uuid(), 1)`,
      'update aos.log_state set relayed_below = 0',
    ]) {
      await denied(api, text, 'aos_api');
    }
  });

  it('what is finished is final, even for the owner', async () => {
    await using worker = await startTestWorker(store);
    const runId = await store.newRun();
    const claim = await worker.claim(runId);
    await worker.journal.commit(claim, completion('say'));
    const uuid = uuidOf('run', runId);
    const output = store.owner.query(`update aos.steps set output = '{}' where run_id = $1`, [
      uuid,
    ]);
    await assert.rejects(output, (error) => sqlState(error) === 'AOS02');
    await worker.journal.commit(claim, finished);
    for (const set of [
      `priority = 1`,
      `status = 'queued', outcome = null, finished_at = null`,
      'epoch = epoch + 1',
    ]) {
      const change = store.owner.query(`update aos.runs set ${set} where id = $1`, [uuid]);
      await assert.rejects(change, (error) => sqlState(error) === 'AOS01', set);
    }
  });
});

/** A row of a tenant in every table of readers of the log. */
async function startReaders(store: TestStore, tenant: string): Promise<void> {
  await consumers.create(store.owner, {
    tenant,
    name: 'c',
    types: [],
    parts: 1,
    leaseMs: 1_000,
    from: 'end',
    by: 'k',
  });
  const { id } = await webhooks.create(store.owner, tenant, {
    url: 'https://example.org/',
    types: [],
    agents: [],
    description: '',
    by: 'k',
    secret: webhooks.newSecret().secret,
  });
  await deliveries.ping(store.owner, tenant, id);
}

async function onlyOwn(tx: Db, table: string): Promise<void> {
  const rows = await tx.query<{ tenant_id: string }>(`select tenant_id from aos.${table}`);
  assert.ok(rows.length > 0, table);
  assert.ok(
    rows.every(({ tenant_id }) => tenant_id === 'default'),
    table,
  );
}

function asApi<T>(store: TestStore, work: (tx: Db) => Promise<T>): Promise<T> {
  return tenants.acting(store.api, 'default', work);
}

/** No rows, or not at all. */
async function refused(store: TestStore, text: string, values?: unknown[]): Promise<void> {
  try {
    const rows = await asApi(store, (tx) => tx.query(`${text} returning 1`, values));
    assert.deepEqual(rows, [], text);
  } catch (error) {
    assert.ok(
      ['42501', 'AOS01', 'AOS02'].includes(sqlState(error) ?? ''),
      `${text}: ${String(error)}`,
    );
  }
}

async function denied(database: Database, text: string, role: DatabaseRole): Promise<void> {
  await assert.rejects(
    database.query(text),
    (error) => sqlState(error) === '42501',
    `${role}: ${text}`,
  );
}
