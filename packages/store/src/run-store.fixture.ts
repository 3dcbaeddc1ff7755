import { createHash } from 'node:crypto';

import { idOf, newId, uuidOf, type PlannerName } from '@aos/core';
import type { RunFacts, RunRequest, RunStore, StoreWorker } from '@aos/testing';

import { createAcceptor } from './accept.ts';
import * as approvals from './approvals.ts';
import { letGo, type Claim } from './claims.ts';
import * as events from './events.ts';
import * as runs from './runs.ts';
import * as steps from './steps.ts';
import type { TestStore } from './store.fixture.ts';
import * as tenants from './tenants.ts';
import { forgetful, rowOf, startTestWorker } from './worker.fixture.ts';
import * as workers from './workers.ts';

const TENANT = 'default';

/** The store on a real PostgreSQL, as the suite of all stores of runs wants it: empty at the start. */
export async function postgresRunStore(store: TestStore): Promise<RunStore> {
  await using started = new AsyncDisposableStack();
  await store.owner.query('truncate aos.runs, aos.workers cascade');
  await store.owner.query(`delete from pgboss.job where name = 'runs'`);
  const acceptor = createAcceptor(store.api, store.queue);
  started.defer(() => acceptor.close());
  const all = started.move();
  return {
    async accept(request) {
      const { runId, createdAt } = await acceptor.accept(toAcceptance(request));
      return { runId, created: createdAt !== undefined };
    },
    cancel: (runId, by) =>
      tenants.acting(store.api, TENANT, (tx) => runs.cancel(tx, store.queue, runId, by)),
    async decide(approvalId, given) {
      const { first, approval } = await tenants.acting(store.api, TENANT, (tx) =>
        approvals.decide(tx, store.queue, approvalId, given),
      );
      return { first, decision: approval.decided?.decision ?? given.decision };
    },
    openWorker: () => openWorker(store, all),
    facts: (runId) => factsOf(store, runId),
    async loseJob(runId) {
      const uuid = uuidOf('run', runId);
      await store.owner.query(`delete from pgboss.job where name = 'runs' and id = $1`, [uuid]);
    },
    async age(runId) {
      await store.owner.query(
        `update aos.runs
            set created_at = created_at - interval '1 minute',
                wake_at = wake_at - interval '1 minute'
          where id = $1`,
        [uuidOf('run', runId)],
      );
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function openWorker(store: TestStore, all: AsyncDisposableStack): Promise<StoreWorker> {
  let losses = 0;
  const worker = await startTestWorker(store, {
    wrap: (database) => forgetful(database, () => losses > 0 && losses-- > 0),
  });
  all.use(worker);
  const { database, journal, queue, uuid, session } = worker;
  // A journal never gives up while its worker lives.
  all.defer(() => journal.abandon());
  const extend = (lease: string) =>
    store.owner.query(`update aos.workers set lease_until = now() + $2::interval where id = $1`, [
      uuid,
      lease,
    ]);
  return {
    id: idOf('worker', uuid),
    // Suspects are isolated only from each other.
    take: async (max) => [...(await worker.take(max)), ...(await worker.take(max, 'suspect'))],
    commit: (claim, change) => journal.commit(claim as Claim, change),
    letGo: (claim, pauseMs) => letGo(database, queue, claim as Claim, pauseMs),
    async renew() {
      const { held, cancelling } = await workers.renew(database, uuid);
      // Tests take the time they take.
      if (held) await extend('1 hour');
      return {
        held,
        cancelling: cancelling.map(({ uuid: run, by }) => ({ runId: idOf('run', run), by })),
      };
    },
    stopping: () => workers.stopping(database, uuid),
    stopped: () => workers.stopped(database, uuid),
    suspects: async () =>
      (await workers.suspects(database, uuid)).map((one) => idOf('worker', one)),
    rescue: async (dead) =>
      (await workers.rescue(database, queue, dead.flatMap(workerUuid))).map((run) =>
        idOf('run', run),
      ),
    dispatchForgotten: () => workers.dispatchForgotten(database, queue),
    async die() {
      await session.end();
      await untilUnlocked(store, uuid);
    },
    async expire() {
      await extend('-1 ms');
    },
    loseAnswers(count) {
      losses = count;
    },
  };
}

/** The server takes a moment to see that a connection ended. */
async function untilUnlocked(store: TestStore, uuid: string): Promise<void> {
  const held = `select 1 from pg_locks where locktype = 'advisory' and granted
                   and ((classid::bigint << 32) | objid::bigint) = $1`;
  const key = workers.lockKeyOf(uuid).toString();
  while ((await store.owner.query(held, [key])).length > 0);
}

async function factsOf(store: TestStore, runId: string): Promise<RunFacts> {
  const row = await rowOf(store, runId);
  const text = (column: string) => (row[column] ?? undefined) as string | undefined;
  const asked = await approvals.list(
    store.owner,
    TENANT,
    { status: 'all', runId },
    { limit: 1_000 },
  );
  const [outcome, failureCode, worker] = ['outcome', 'failure_code', 'worker_id'].map(text);
  const [waitingFor, cancelledBy] = ['waiting_for', 'cancel_requested_by'].map(text);
  const waits = ['created', 'retry'].includes(text('job_state') ?? '');
  return {
    status: row['status'] as RunFacts['status'],
    epoch: Number(row['epoch']),
    ...(outcome && { outcome: outcome as NonNullable<RunFacts['outcome']> }),
    ...(failureCode && { failureCode }),
    ...(worker && { workerId: idOf('worker', worker) }),
    ...(waitingFor && { waitingFor: waitingFor as NonNullable<RunFacts['waitingFor']> }),
    ...(cancelledBy && { cancelledBy }),
    events: (await events.list(store.owner, runId, -1, 10_000)).map(({ seq, epoch, event }) => ({
      seq,
      epoch,
      event,
    })),
    steps: await steps.list(store.owner, runId),
    approvals: asked.items.map(({ decided, tenant: _tenant, ...approval }) => ({
      ...approval,
      ...(decided && { decision: decided.decision }),
    })),
    ...(waits && {
      job: { priority: Number(row['job_priority']), later: row['job_later'] === true },
    }),
  };
}

function toAcceptance({ key, input = {}, wallMs, plan, priority = 0, startAt }: RunRequest) {
  const bodyHash = createHash('sha256').update(JSON.stringify(input)).digest();
  const planner: PlannerName = 'static';
  return {
    tenant: TENANT,
    by: 'tester',
    runId: newId('run'),
    agent: 'general',
    agentVersion: 1,
    planner,
    goal: { goal: 'Say it', input, limits: { ...(wallMs && { wallMs }) }, tags: [] },
    priority,
    ...(plan && { plan }),
    ...(startAt && { startAt }),
    ...(key && { idempotency: { key, bodyHash } }),
  };
}

function workerUuid(id: string): string[] {
  const uuid = uuidOf('worker', id);
  return uuid ? [uuid] : [];
}
