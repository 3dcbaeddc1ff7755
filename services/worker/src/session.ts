import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { Pause, SkillManifest } from '@aos/core';
import type { Ears, Link } from '@aos/engine';
import {
  db,
  holds,
  letGo,
  openJournal,
  take,
  WORKER_CHANNEL,
  workers,
  type Claim,
  type Database,
  type Journal,
  type OnStray,
  type Queue,
} from '@aos/store';

/** The life of a worker in the eyes of the others: a lease, and a lock that its connection holds. */
export interface Session extends Link<Claim> {
  readonly journal: Journal;
}

export interface SessionOptions {
  readonly version: string;
  readonly port: number;
  /** Where its metrics are reached. */
  readonly address: string;
  readonly slots: number;
  readonly skills: readonly SkillManifest[];
  readonly quarantine: boolean;
  readonly onBatch: (size: number) => void;
  readonly onStray: OnStray;
  /** Runs of this worker that somebody wants at rest, all of them. */
  readonly onPausing: (runs: workers.Renewal['pausing']) => void;
  /** What is paused has changed. */
  readonly onPauses: () => void;
  /** What is paused, as far as it is known here. */
  readonly pauses: () => readonly Pause[];
  /** Why it takes no new runs now, for all to see. */
  readonly gated: () => string | undefined;
  /** Something that steps reach is out, or works again. */
  readonly onTargets: () => void;
  /** Once, when the life is over. */
  readonly onOver: () => void;
}

/** The same in all lives of this process. */
const PROCESS_ID = randomUUID();

/**
 * Registers this process under a new id. One connection does everything a life depends on: it holds the
 * advisory lock, hears NOTIFY and renews the lease, so that a connection which silently died is noticed
 * by the renewal that does not return.
 */
export async function openSession(
  database: Database,
  queue: Queue,
  options: SessionOptions,
  ears: Ears,
): Promise<Session> {
  const uuid = randomUUID();
  const { onBatch } = options;
  const client = await database.connect();
  const lost = new AbortController();
  const journal = openJournal(database, queue, { workerUuid: uuid, onBatch });
  const cut = () => {
    if (lost.signal.aborted) return;
    lost.abort('lost');
    journal.abandon();
    // Letting the lock go tells the others at once.
    void client.end().catch(() => {});
    options.onOver();
    ears.onCut();
  };
  client.on('error', cut);
  client.on('end', cut);
  client.on('notification', ({ payload }) => {
    const [word, runUuid] = (payload ?? '').split(' ');
    if ((word === 'cancel' || word === 'pause') && runUuid) ears.onCancel();
    else if (word === 'pauses') options.onPauses();
    else if (word === 'targets') options.onTargets();
    else ears.onWork();
  });
  try {
    const at = await begin(client, uuid, options);
    return {
      id: uuid,
      at,
      journal,
      cut,
      ...linkOf(database, client, queue, { uuid, lost: lost.signal, options }),
    };
  } catch (error) {
    // A life that did not begin must not keep a connection: the next one is tried at once.
    cut();
    throw error;
  }
}

function linkOf(
  database: Database,
  client: SessionClient,
  queue: Queue,
  { uuid, lost, options }: { uuid: string; lost: AbortSignal; options: SessionOptions },
) {
  const onClient = db(client);
  const { onStray, pauses } = options;
  const kind = options.quarantine ? 'suspect' : 'regular';
  return {
    async renew() {
      const renewal = await workers.renew(onClient, uuid, options.gated());
      options.onPausing(renewal.pausing);
      return renewal;
    },
    take: (max: number) =>
      take(database, queue, uuid, max, { kind, onStray, pauses: pauses(), lost }),
    holds: () => holds(database, uuid),
    letGo: (held, pauseMs) => letGo(database, queue, held, pauseMs),
    suspects: () => workers.suspects(database, uuid),
    rescue: (dead) => workers.rescue(database, queue, dead),
    dispatchForgotten: () => workers.dispatchForgotten(database, queue),
    prune: () => workers.prune(database),
    stopping: () => workers.stopping(database, uuid),
    stopped: () => workers.stopped(database, uuid),
  } satisfies Partial<Link<Claim>>;
}

/** The lock before the row: a live row with a free lock is taken for dead. */
async function begin(client: SessionClient, uuid: string, options: SessionOptions): Promise<Date> {
  await client.query('select pg_advisory_lock($1)', [workers.lockKeyOf(uuid).toString()]);
  const at = await workers.register(db(client), {
    uuid,
    host: hostname(),
    pid: process.pid,
    version: options.version,
    port: options.port,
    address: options.address,
    slots: options.slots,
    skills: options.skills,
    processId: PROCESS_ID,
    quarantine: options.quarantine,
  });
  // Last: a notice makes it renew, which only a registered worker can.
  await client.query(`listen ${WORKER_CHANNEL}`);
  return at;
}

type SessionClient = Awaited<ReturnType<Database['connect']>>;
