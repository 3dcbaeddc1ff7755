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
  type Job,
  type Journal,
  type Queue,
} from '@aos/store';

/** The life of a worker in the eyes of the others: a lease, and a lock that its connection holds. */
export interface Session extends Link<Claim> {
  readonly journal: Journal;
}

export interface SessionOptions {
  readonly version: string;
  readonly port: number;
  readonly slots: number;
  readonly skills: readonly SkillManifest[];
  readonly quarantine: boolean;
  /** What is paused now. */
  readonly pauses: () => readonly Pause[];
  /** Runs of this worker that somebody wants at rest, all of them. */
  readonly onPausing: (runs: workers.Renewal['pausing']) => void;
  /** What is paused has changed; the worker may find work again. */
  readonly onPauses: (wake: () => void) => void;
  /** Why it takes no new runs now, for all to see. */
  readonly gated: () => string | undefined;
  /** Something that steps reach is out, or works again. */
  readonly onTargets: () => void;
  /** Jobs that no run sent. */
  readonly onStray: (jobs: readonly Job[]) => void;
  readonly onBatch: (size: number) => void;
  /** This life is over; once. */
  readonly onEnd: () => void;
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
  const client = await database.connect();
  const lost = new AbortController();
  const journal = openJournal(database, queue, { workerUuid: uuid, onBatch: options.onBatch });
  const cut = () => {
    if (lost.signal.aborted) return;
    lost.abort('lost');
    journal.abandon();
    // Letting the lock go tells the others at once.
    void client.end().catch(() => {});
    options.onEnd();
    ears.onCut();
  };
  client.on('error', cut);
  client.on('end', cut);
  client.on('notification', ({ payload }) => hear(payload ?? '', options, ears));
  try {
    const at = await begin(client, uuid, options);
    const link = linkOf({ database, client, queue, journal, uuid, lost: lost.signal }, options);
    return { id: uuid, at, journal, cut, ...link };
  } catch (error) {
    // A life that did not begin must not keep a connection: the next one is tried at once.
    cut();
    throw error;
  }
}

function hear(payload: string, options: SessionOptions, ears: Ears): void {
  const [word, runUuid] = payload.split(' ');
  if ((word === 'cancel' || word === 'pause') && runUuid) ears.onCancel();
  else if (word === 'pauses') options.onPauses(ears.onWork);
  else if (word === 'targets') options.onTargets();
  else ears.onWork();
}

interface Parts {
  readonly database: Database;
  readonly client: SessionClient;
  readonly queue: Queue;
  readonly journal: Journal;
  readonly uuid: string;
  readonly lost: AbortSignal;
}

function linkOf(parts: Parts, options: SessionOptions) {
  const { database, client, queue, journal, uuid, lost } = parts;
  const onClient = db(client);
  const kind = options.quarantine ? 'suspect' : 'regular';
  return {
    async renew() {
      const renewal = await workers.renew(onClient, uuid, options.gated());
      if (renewal.held) options.onPausing(renewal.pausing);
      return renewal;
    },
    take: (max: number) =>
      take(database, queue, uuid, max, kind, options.onStray, options.pauses(), lost),
    holds: () => holds(database, uuid),
    async letGo(held, pauseMs) {
      // What of it is still on its way must not arrive after the epoch was raised.
      await journal.settled(held.uuid);
      await letGo(database, queue, held, pauseMs);
    },
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
