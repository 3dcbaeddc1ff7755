import { randomUUID } from 'node:crypto';

import { completeAgent, newId, type PlanStep, type SkillResult } from '@aos/core';
import { advanceRun, type Failpoint, type Ports } from '@aos/engine';
import {
  agents,
  approvals,
  consumers,
  createAcceptor,
  createDatabase,
  migrate,
  openJournal,
  openQueue,
  runs,
  take,
  tenants,
  workers,
  type Claim,
  type Database,
  type Queue,
} from '@aos/store';
import { aManifest, testDatabase, type TestDatabase } from '@aos/testing';

/** A database with a sound history in it, and its runs by what became of them. Nobody is connected. */
export interface Scene extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly runs: Readonly<Record<Story, string>>;
}

const read: PlanStep = { key: 'read', skill: 'echo', input: { value: 'a' } };
const post: PlanStep = { key: 'post', skill: 'post', input: {} };
const busy: PlanStep = { key: 'busy', skill: 'busy', input: {} };
const sure = { reason: 'Sure?' };

const plans = {
  done: [
    read,
    { ...post, after: ['read'] },
    { key: 'each', skill: 'echo', input: { value: '${item}' }, forEach: { in: [1, 2] } },
    { key: 'never', skill: 'echo', input: {}, when: 'false' },
  ],
  /** Its worker died in the middle, and a human let it be done again. */
  repeated: [post],
  asking: [{ ...post, approval: sure }],
  allowed: [{ ...post, approval: sure }],
  later: [{ ...busy, retry: { delayMs: 3_600_000 } }],
  failed: [{ ...busy, retry: { attempts: 1 } }],
  cancelled: [{ ...post, approval: sure }],
  held: [read],
  queued: [read],
} as const satisfies Record<string, readonly PlanStep[]>;

export type Story = keyof typeof plans;

const manifests = [
  aManifest(),
  aManifest({ name: 'post', effect: 'unkeyed' }),
  aManifest({ name: 'busy' }),
];

/** The real engine, journal and queue write everything; only the skills are made up. */
export async function buildScene(variable?: string): Promise<Scene> {
  const database = await testDatabase(variable);
  await migrate(database.url, { allowUnsafe: true });
  const owner = createDatabase({ url: database.url, applicationName: 'scene', connectionsMax: 4 });
  const queue = await openQueue(owner, { maintain: false, onError: () => {} });
  try {
    const told = await tellAll(owner, queue);
    return {
      database,
      runs: told,
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  } finally {
    await queue.stop();
    await owner.close();
  }
}

async function tellAll(owner: Database, queue: Queue): Promise<Record<Story, string>> {
  await tenants.ensure(owner, 'other');
  const general = completeAgent({ name: 'general', description: 'Any goal.' });
  for (const tenant of ['default', 'other']) await agents.create(owner, tenant, general);
  const told = {} as Record<Story, string>;
  const worker = await startWorker(owner);
  const acceptor = createAcceptor(owner, queue);
  for (const story of Object.keys(plans) as Story[]) {
    const { runId } = await acceptor.accept({
      tenant: story === 'cancelled' ? 'other' : 'default',
      by: 'tester',
      runId: newId('run'),
      agent: 'general',
      agentVersion: 1,
      planner: 'static',
      goal: { goal: story, input: {}, limits: {}, tags: [] },
      priority: 0,
      plan: { version: 1, steps: plans[story] },
      ...(story === 'done' && { idempotency: { key: 'k', bodyHash: Buffer.alloc(32) } }),
    });
    told[story] = runId;
    if (story === 'queued') continue;
    const holder = story === 'repeated' ? await startWorker(owner) : worker;
    const claim = await claimOne(owner, queue, holder);
    if (story === 'held') await commitStart(owner, queue, holder, claim);
    else
      await advance(owner, queue, holder, claim, story === 'repeated' ? 'after_intent' : undefined);
    if (story === 'repeated') await rescue(owner, queue, holder);
    if (story === 'repeated') await next(owner, queue, worker);
    if (story === 'repeated' || story === 'allowed') {
      await approve(owner, queue, runId);
      await next(owner, queue, worker);
    }
    if (story === 'cancelled') {
      await owner.transaction((tx) => runs.cancel(tx, queue, runId, 'tester'));
      await next(owner, queue, worker);
    }
  }
  await acceptor.close();
  await readFromTheEnd(owner);
  return told;
}

/** Its place lies behind every run there is. */
async function readFromTheEnd(owner: Database): Promise<void> {
  const consumer = { tenant: 'default', name: 'late', types: [], parts: 1, leaseMs: 30_000 };
  await owner.transaction((tx) => consumers.create(tx, { ...consumer, from: 'end', by: 'tester' }));
}

async function startWorker(owner: Database): Promise<string> {
  const uuid = randomUUID();
  await workers.register(owner, {
    uuid,
    host: 'here',
    pid: 1,
    version: '0',
    slots: 10,
    skills: manifests,
    processId: uuid,
    quarantine: false,
  });
  await owner.query(
    `update aos.workers set lease_until = now() + interval '1 hour' where state = 'live'`,
  );
  return uuid;
}

async function rescue(owner: Database, queue: Queue, worker: string): Promise<void> {
  await owner.query('update aos.workers set lease_until = now() where id = $1', [worker]);
  await workers.rescue(owner, queue, [worker]);
}

async function claimOne(owner: Database, queue: Queue, worker: string): Promise<Claim> {
  const [claim] = await take(owner, queue, worker, 1);
  if (!claim) throw new Error('There is nothing to take.');
  return claim;
}

async function next(owner: Database, queue: Queue, worker: string): Promise<void> {
  await advance(owner, queue, worker, await claimOne(owner, queue, worker));
}

async function approve(owner: Database, queue: Queue, runId: string): Promise<void> {
  const { items } = await approvals.list(owner, 'default', { status: 'open', runId }, { limit: 1 });
  const id = items[0]?.id ?? '';
  const given = { decision: 'approve', by: 'human' } as const;
  await owner.transaction((tx) => approvals.decide(tx, queue, id, given));
}

async function commitStart(
  owner: Database,
  queue: Queue,
  workerUuid: string,
  claim: Claim,
): Promise<void> {
  const { workerId, epoch } = claim.run;
  const events = [{ type: 'run.started', workerId, epoch }] as const;
  await openJournal(owner, queue, { workerUuid }).commit(claim, { events });
}

/** As far as it goes; with `dieAt`, as far as a worker gets that dies there. */
async function advance(
  owner: Database,
  queue: Queue,
  workerUuid: string,
  claim: Claim,
  dieAt?: Failpoint,
): Promise<void> {
  const journal = openJournal(owner, queue, { workerUuid });
  const lost = new AbortController();
  const never = new AbortController().signal;
  const ports: Ports = {
    clock: {
      now: () => new Date(),
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      after: () => () => {},
    },
    random: () => 0.9,
    skills: {
      manifest: (name) => manifests.find((one) => one.name === name),
      execute: async ({ skill, input }): Promise<SkillResult> =>
        skill === 'busy'
          ? { outcome: 'failed', failure: { code: 'target_overloaded', detail: 'Busy.' } }
          : { outcome: 'completed', output: input },
    },
    plan: () => Promise.reject(new Error('Every run brings its plan.')),
    commit: (change) => journal.commit(claim, change),
    failpoint(name) {
      if (name !== dieAt) return;
      journal.abandon();
      lost.abort();
    },
  };
  const control = { cancel: never, stop: never, hurry: never, lost: lost.signal };
  await advanceRun(ports, claim.run, control);
  await journal.drained();
}
