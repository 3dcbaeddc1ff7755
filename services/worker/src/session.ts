import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { SkillManifest } from '@aos/core';
import { db, WORKER_CHANNEL, workers, type Database } from '@aos/store';

/** The life of a worker in the eyes of the others: a lease, and a lock that its connection holds. */
export interface Session {
  readonly uuid: string;
  /** Fires when others may take the runs: nothing may be begun or written from then on. */
  readonly lost: AbortSignal;
  /** No new runs from now on; those under way are kept alive. */
  stopping(): Promise<void>;
  /** Gives the lease back at once. The runs must be settled by then. */
  end(): Promise<void>;
}

export interface SessionOptions {
  readonly version: string;
  readonly port: number;
  readonly slots: number;
  readonly skills: readonly SkillManifest[];
  readonly quarantine: boolean;
  /** There is work. */
  readonly onWork: () => void;
  readonly onCancel: (runUuid: string, by: string) => void;
  /** Something that steps reach is out, or works again. */
  readonly onTargets: () => void;
}

const FENCE_CHECK_MS = 100;
/** The same in all lives of this process. */
const PROCESS_ID = randomUUID();

/**
 * Registers this process under a new id. One connection does everything a life depends on: it holds the
 * advisory lock, hears NOTIFY and renews the lease, so that a connection which silently died is noticed
 * by the renewal that does not return.
 */
export async function openSession(database: Database, options: SessionOptions): Promise<Session> {
  const uuid = randomUUID();
  const client = await database.connect();
  const lost = new AbortController();
  const lose = () => lost.abort();
  client.on('error', lose);
  client.on('end', lose);
  client.on('notification', ({ payload }) => {
    const [word, runUuid] = (payload ?? '').split(' ');
    if (word === 'cancel' && runUuid) void renew();
    else if (word === 'targets') options.onTargets();
    else options.onWork();
  });
  const onClient = db(client);

  // By the local monotonic clock, and counted from when the renewal was sent: never too late.
  let renewedAt = performance.now();
  const renew = async () => {
    const sentAt = performance.now();
    try {
      const { held, cancelling } = await workers.renew(onClient, uuid);
      if (!held) return lose();
      renewedAt = sentAt;
      for (const { uuid: runUuid, by } of cancelling) options.onCancel(runUuid, by);
    } catch {
      // The next one may get through; if none does, the fence falls.
    }
  };

  renewedAt = await begin(client, uuid, options).catch((error: unknown) => {
    // A life that did not begin must not keep a connection: the next one is tried at once.
    void client.end().catch(() => {});
    throw error;
  });

  const renewals = setInterval(() => void renew(), workers.RENEW_EVERY_MS);
  const fence = setInterval(() => {
    const age = performance.now() - renewedAt;
    if (age > workers.LEASE_MS - workers.LEASE_MARGIN_MS) lose();
  }, FENCE_CHECK_MS);
  lost.signal.addEventListener('abort', () => {
    clearInterval(renewals);
    clearInterval(fence);
    // Letting the lock go tells the others at once.
    void client.end().catch(() => {});
  });

  return {
    uuid,
    lost: lost.signal,
    stopping: () => workers.stopping(database, uuid),
    async end() {
      if (!lost.signal.aborted) await workers.stopped(database, uuid);
      lose();
    },
  };
}

/**
 * The lock before the row: a live row with a free lock is taken for dead. Gives the moment before the
 * lease was asked for.
 */
async function begin(
  client: SessionClient,
  uuid: string,
  options: SessionOptions,
): Promise<number> {
  await client.query('select pg_advisory_lock($1)', [workers.lockKeyOf(uuid).toString()]);
  const sentAt = performance.now();
  await workers.register(db(client), {
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
  return sentAt;
}

type SessionClient = Awaited<ReturnType<Database['connect']>>;
