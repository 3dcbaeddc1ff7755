import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { createDatabase } from '@aos/store';
import { testDatabase } from '@aos/testing';

import { violationsOf } from './check-history.ts';
import { checks } from './checks.ts';
import type { Invariant } from './invariant.ts';
import { buildScene, type Scene, type Story } from './scene.fixture.ts';

interface Plant {
  readonly invariant: Invariant;
  readonly what: string;
  /** `run(story)` is the uuid of the story's run. */
  readonly sql: (run: (story: Story) => string) => string;
}

function plant(invariant: Invariant, what: string, sql: Plant['sql']): Plant {
  return { invariant, what, sql };
}

const plants: readonly Plant[] = [
  plant(
    'I1',
    'a queued run whose job is gone',
    (run) => `delete from pgboss.job where id = ${run('queued')}`,
  ),
  plant(
    'I1',
    'a run held by a worker that is lost',
    (
      run,
    ) => `update aos.workers set state = 'lost', ended_at = now(), lease_until = now() - interval '31 s'
               where id = (select worker_id from aos.runs where id = ${run('held')})`,
  ),
  plant(
    'I1',
    'a run held by a worker that does not renew its lease',
    (run) => `update aos.workers set lease_until = now() - interval '31 s'
               where id = (select worker_id from aos.runs where id = ${run('held')})`,
  ),
  plant(
    'I1',
    'a retry without a job',
    (run) => `delete from pgboss.job where id = ${run('later')}`,
  ),
  plant(
    'I1',
    'a decision that woke nobody',
    (run) => `update aos.approvals
                 set decision = 'approve', decided_by = 'human', decided_at = now()
               where run_id = ${run('asking')}`,
  ),
  plant(
    'I1',
    'a job of a run that has finished',
    (run) => `update pgboss.job set state = 'created' where id = ${run('done')}`,
  ),
  plant(
    'I1',
    'a plan of a run that is not there',
    () => `insert into aos.plans (tenant_id, run_id, version, planner, plan, hash)
           values ('default', gen_random_uuid(), 1, 'static', '{}', '')`,
  ),
  plant(
    'I2',
    'two keys that name one run',
    (run) => `insert into aos.idempotency_keys values ('default', 'other', '', ${run('done')})`,
  ),
  plant(
    'I3',
    'a second end',
    (run) => `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
              select tenant_id, run_id, seq + 1, epoch, type, data from aos.events
               where run_id = ${run('cancelled')} and type = 'run.finished';
              update aos.tallies set value = value + 1 where metric = 'runs' and label_a = 'cancelled'`,
  ),
  plant(
    'I3',
    'an end that nobody told of',
    (run) => `update aos.runs set status = 'running', outcome = null, finished_at = null,
                     worker_id = (select id from aos.workers where state = 'live' limit 1)
               where id = ${run('done')}`,
  ),
  plant(
    'I3',
    'a guard that is off',
    () => 'alter table aos.runs disable trigger finished_is_final',
  ),
  plant(
    'I4',
    'a step that completed twice',
    (
      run,
    ) => `update aos.events set seq = seq + 1 where run_id = ${run('repeated')} and type = 'run.finished';
              insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
              select tenant_id, run_id, seq + 1, epoch, type, data from aos.events
               where run_id = ${run('repeated')} and type = 'step.completed';
              update aos.tallies set value = value + 1
               where ctid = (select ctid from aos.tallies where label_a = 'post' limit 1)`,
  ),
  plant('I4', 'a guard that is off', () => 'drop trigger completed_is_final on aos.steps'),
  plant(
    'I5',
    'an epoch that falls',
    (run) =>
      `update aos.events set epoch = 0 where run_id = ${run('done')} and type = 'run.finished'`,
  ),
  plant(
    'I5',
    'a step of an epoch that nobody has claimed',
    (run) => `update aos.steps set epoch = 99 where run_id = ${run('done')} and key = 'read'`,
  ),
  plant(
    'I8',
    'a repetition that nobody allowed',
    (run) => `update aos.approvals set kind = 'step' where run_id = ${run('repeated')}`,
  ),
  plant(
    'I9',
    'a gap',
    (run) =>
      `update aos.events set seq = seq + 1 where run_id = ${run('done')} and type = 'run.finished'`,
  ),
  plant(
    'I9',
    'a step that is not what its journal says',
    (run) =>
      `update aos.steps set status = 'skipped' where run_id = ${run('done')} and key = 'each[1]'`,
  ),
  plant(
    'I9',
    'a step without a row',
    (run) => `delete from aos.steps where run_id = ${run('failed')}`,
  ),
  plant(
    'I9',
    'an outcome that is not what its journal says',
    (run) => `update aos.runs set outcome = 'cancelled' where id = ${run('done')}`,
  ),
  plant(
    'I9',
    'a plan that was edited',
    (run) =>
      `update aos.plans set plan = jsonb_set(plan, '{output}', '1') where run_id = ${run('queued')}`,
  ),
  plant(
    'I9',
    'a counter that lost something',
    () => `update aos.tallies set value = value - 1 where metric = 'runs'`,
  ),
  plant(
    'I9',
    'a service that may change the journal',
    () => 'grant update on aos.events to aos_worker',
  ),
  plant(
    'I12',
    'a failed run without a dead letter',
    (run) => `delete from aos.dead_letters where run_id = ${run('failed')}`,
  ),
  plant(
    'I12',
    'a dead letter of a run that did not fail',
    (run) => `insert into aos.dead_letters
                     (tenant_id, run_id, root_run_id, epoch, agent, agent_version, code, category, failure,
                      plan_version, plan_hash, fingerprint, message)
              select r.tenant_id, r.id, r.id, r.epoch, r.agent, r.agent_version, 'internal', 'system', '{}',
                     p.version, p.hash, repeat('0', 24), ''
                from aos.runs r join aos.plans p on p.run_id = r.id where r.id = ${run('done')}`,
  ),
  plant(
    'I12',
    'a dead letter with another failure than its run',
    (run) => `update aos.dead_letters set code = 'internal' where run_id = ${run('failed')}`,
  ),
  plant(
    'I12',
    'a dead letter of a plan that is not there',
    (run) => `update aos.dead_letters set plan_hash = 'sha256:1' where run_id = ${run('failed')}`,
  ),
  plant(
    'I12',
    'a redrive that is a run of something else',
    (run) => `update aos.dead_letters
                 set redriven_as = ${run('done')}, redriven_at = now(), redriven_by = 'me'
               where run_id = ${run('failed')}`,
  ),
  plant(
    'I12',
    'a lineage that is counted wrong',
    (run) => `update aos.dead_letters set redrives = 3 where run_id = ${run('failed')}`,
  ),
  plant(
    'I12',
    'a dead letter that operations redrove twice',
    (run) => `with made as (
                insert into aos.operations (tenant_id, id, kind, selection, selection_hash, total, rate, reason, created_by)
                values ('default', gen_random_uuid(), 'redrive', '{}', '', 2, 1, 'x', 'me') returning id)
              insert into aos.operation_items (tenant_id, operation_id, nth, run_id, state, new_run_id, live)
              select 'default', id, nth, ${run('failed')}, 'started', ${run('done')}, false
                from made, generate_series(1, 2) as nth`,
  ),
  plant(
    'I14',
    'an event of an incarnation that was over',
    () => `update aos.incarnation
              set n = 2, floor = (select max(position) + 1 from aos.events),
                  began_at = (select min(at) from aos.events) - interval '1 hour'`,
  ),
  plant(
    'I15',
    'a decision that is not what the journal says',
    (run) =>
      `update aos.approvals set decided_by = 'somebody else' where run_id = ${run('allowed')}`,
  ),
  plant(
    'I15',
    'an input that was not shown',
    (run) => `update aos.approvals set input = '{"amount": 1000}' where run_id = ${run('allowed')}`,
  ),
  plant(
    'I15',
    'a step executed with another input than was allowed',
    (run) => `update aos.steps set input_hash = 'sha256:0' where run_id = ${run('allowed')}`,
  ),
  plant(
    'I17',
    'a step that began after somebody cancelled',
    (run) =>
      `update aos.runs set cancel_requested_at = now() - interval '1 hour' where id = ${run('done')}`,
  ),
  plant(
    'I18',
    'a run past its deadline',
    (run) => `update aos.runs set deadline_at = now() - interval '2 min' where id = ${run('held')}`,
  ),
  plant(
    'I20',
    'a step of another tenant',
    (run) =>
      `update aos.steps set tenant_id = 'other' where run_id = ${run('done')} and key = 'read'`,
  ),
  plant(
    'I20',
    'a table that is open',
    () => 'alter table aos.artifacts no force row level security',
  ),
  plant(
    'I22',
    'a step executed in a version that nobody offered',
    (run) =>
      `update aos.steps set skill_version = '9.0.0' where run_id = ${run('done')} and key = 'read'`,
  ),
  plant(
    'I23',
    'an output that is too deep',
    (run) => `update aos.steps set output = (repeat('[', 66) || repeat(']', 66))::jsonb
               where run_id = ${run('done')} and key = 'read'`,
  ),
];

for (const variable of ['AOS_TEST_DATABASE_URL', 'AOS_TEST_DATABASE_URL_15']) {
  describe(`the checker on ${variable}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await buildScene(variable);
    });
    after(() => scene[Symbol.asyncDispose]());

    it('finds nothing wrong with a sound history', async () => {
      assert.deepEqual(await violationsOf({ databaseUrl: scene.database.url }), []);
    });

    for (const { invariant, what, sql } of plants) {
      it(`finds ${what}: ${invariant}, and nothing else`, async () => {
        await using copy = await testDatabase(variable, { copyOf: scene.database });
        await plantIn(
          copy.url,
          sql((story) => `'${scene.runs[story].slice('run_'.length)}'`),
        );
        const found = await violationsOf({ databaseUrl: copy.url });
        assert.deepEqual(
          [...new Set(found.map((one) => one.invariant))],
          [invariant],
          JSON.stringify(found, null, 1),
        );
      });
    }
  });
}

it('every invariant that is checked is planted here or with the effects', () => {
  const planted = new Set([...plants.map(({ invariant }) => invariant), 'I6', 'I7']);
  assert.deepEqual(
    [...new Set(checks.map(({ invariant }) => invariant))].filter((one) => !planted.has(one)),
    [],
  );
});

/** As the superuser, with every guard of the database off. */
async function plantIn(url: string, sql: string): Promise<void> {
  const owner = createDatabase({ url, applicationName: 'plant', connectionsMax: 1 });
  try {
    await owner.transaction(async (tx) => {
      await tx.query(`set local session_replication_role = replica; ${sql}`);
    });
  } finally {
    await owner.close();
  }
}
