import { ClaimLost, type Change } from '@aos/core';

import type { Claim } from './claims.ts';
import { isBusy, isConflict, isUnavailable, type Database, type Db } from './db.ts';
import { createGroup } from './group.ts';
import { place, takeBack, type Asked, type Entry } from './journal-entry.ts';
import { writeEntries } from './journal-write.ts';
import type { Queue } from './queue.ts';
import { systemTime, type Time } from './time.ts';

/** The one writer of what workers do to their runs. */
export interface Journal {
  /**
   * Commits the change, together with those of other runs that wait at the same moment. Resolves after
   * the commit. Rejects with `ClaimLost` when the run is in other hands; then nothing of it was written.
   *
   * An answer that was lost is no loss: the same change is sent again until the database says whether
   * it stands, which is safe because an event's place in its run is fixed before it is sent.
   */
  commit(claim: Claim, change: Change): Promise<void>;
  /** Resolves once nothing of this claim is on its way any more. */
  settled(claim: Claim): Promise<void>;
  /** The lease is gone: whatever has not been written is refused from now on. */
  abandon(): void;
  drained(): Promise<void>;
}

export interface JournalOptions {
  readonly workerUuid: string;
  readonly onBatch?: (size: number) => void;
  readonly lanes?: number;
  readonly time?: Time;
}

const LANES = 2;
const BATCH_MAX = 256;
const CONFLICT_RETRIES = 20;
const RECONNECT_DELAY_MS = 100;

/** What became of an entry; an error when its own data cannot be stored. */
export type Fate = 'written' | 'refused' | Error;

/**
 * One transaction: writes the entries of runs that the worker holds, and says what became of each.
 * `sentBefore`: some may stand already. Throws `database_unavailable` when nobody knows.
 */
export type Write = (
  entries: readonly Entry[],
  lane: number,
  sentBefore: boolean,
) => Promise<readonly Fate[]>;

export function openJournal(database: Database, queue: Queue, options: JournalOptions): Journal {
  const { workerUuid } = options;
  return createJournal(
    (entries, lane, sentBefore) =>
      attempt({ database, queue, workerUuid }, entries, lane, sentBefore),
    options,
  );
}

/** The journal on whatever can write. */
export function createJournal(write: Write, options: Omit<JournalOptions, 'workerUuid'>): Journal {
  const abandoned = new AbortController();
  const { time = systemTime } = options;
  const writer: Writer = { write, time, abandoned };
  const group = createGroup<Asked, Fate>({
    lanes: options.lanes ?? LANES,
    batchMax: BATCH_MAX,
    // A run keeps to one lane, so its events become visible in their order.
    laneOf: ({ claim }) => Number.parseInt(claim.uuid.slice(-4), 16),
    flush: (asked, lane) => {
      options.onBatch?.(asked.length);
      return flush(writer, asked, lane);
    },
    soon: (work) => time.soon(work),
  });
  // The last of each claim; lanes keep the order, so with it all those before have settled.
  const newest = new Map<Claim, Promise<unknown>>();
  return {
    async commit(claim, change) {
      if (change.events.length === 0) throw new Error('A change without an event has no place.');
      if (abandoned.signal.aborted) throw lost(claim);
      const writing = group.add({ claim, change, at: time.now() });
      newest.set(claim, writing);
      const fate = await writing.finally(() => {
        if (newest.get(claim) === writing) newest.delete(claim);
      });
      if (fate instanceof Error) throw fate;
      if (fate === 'refused') throw lost(claim);
    },
    async settled(claim) {
      await newest.get(claim)?.catch(() => {});
    },
    abandon: () => abandoned.abort(),
    drained: () => group.drained(),
  };
}

interface Writer {
  readonly write: Write;
  readonly time: Time;
  readonly abandoned: AbortController;
}

async function flush(
  writer: Writer,
  asked: readonly Asked[],
  lane: number,
): Promise<readonly Fate[]> {
  const { time } = writer;
  const entries = asked.map(place);
  let sentBefore = false;
  // An answer was lost, so it may stand: from then on only the database can say that it does not.
  let doubtful = false;
  for (let conflicts = 0; ;) {
    if (writer.abandoned.signal.aborted) return entries.map(() => 'refused');
    try {
      return await writer.write(entries, lane, sentBefore);
    } catch (error) {
      sentBefore = true;
      if (isUnavailable(error)) {
        doubtful = true;
        await time.pause(RECONNECT_DELAY_MS);
      } else if (
        (isConflict(error) || isBusy(error)) &&
        (doubtful || conflicts < CONFLICT_RETRIES)
      ) {
        conflicts++;
        await time.pause(time.random() * 5 * Math.min(conflicts, CONFLICT_RETRIES));
      } else if (entries.length > 1) {
        // The fault lies in one entry's data: the others must not suffer from it.
        takeBack(entries);
        const fates: Fate[] = [];
        for (const one of asked) fates.push(...(await flush(writer, [one], lane)));
        return fates;
      } else {
        takeBack(entries);
        return [error instanceof Error ? error : new Error(String(error))];
      }
    }
  }
}

interface Target {
  readonly database: Database;
  readonly queue: Queue;
  readonly workerUuid: string;
}

async function attempt(
  writer: Target,
  entries: readonly Entry[],
  lane: number,
  sentBefore: boolean,
): Promise<Fate[]> {
  const { database, queue, workerUuid } = writer;
  if (!sentBefore && !entries.some(({ change }) => change.next)) {
    // One statement is a transaction of its own: no begin, no commit, one trip.
    const held = await writeEntries(database, queue, entries, workerUuid, lane);
    return entries.map(({ claim }) => (held.has(claim.uuid) ? 'written' : 'refused'));
  }
  return database.transaction(async (tx) => {
    const held = await writeEntries(tx, queue, entries, workerUuid, lane);
    const refused = entries.filter(({ claim }) => !held.has(claim.uuid));
    const stands = sentBefore ? await standing(tx, refused) : new Set<Entry>();
    return entries.map((entry) =>
      held.has(entry.claim.uuid) || stands.has(entry) ? 'written' : 'refused',
    );
  });
}

/** Which of these were committed before, by us, with an answer that never arrived. */
async function standing(tx: Db, entries: readonly Entry[]): Promise<ReadonlySet<Entry>> {
  if (entries.length === 0) return new Set();
  const rows = await tx.query<{ nth: string }>(
    `select a.nth
       from unnest($1::uuid[], $2::int[], $3::int[]) with ordinality as a(run_id, seq, epoch, nth)
       join aos.events e on e.run_id = a.run_id and e.seq = a.seq and e.epoch = a.epoch`,
    [
      entries.map(({ claim }) => claim.uuid),
      entries.map(({ lastSeq }) => lastSeq),
      entries.map(({ claim }) => claim.epoch),
    ],
  );
  return new Set(rows.map(({ nth }) => entries[Number(nth) - 1] as Entry));
}

function lost({ uuid, epoch }: Claim): ClaimLost {
  return new ClaimLost(`The claim ${epoch} on run ${uuid} is gone.`);
}
