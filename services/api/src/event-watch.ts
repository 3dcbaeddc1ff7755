import type { StoredEvent } from '@aos/core';
import { events, type Database } from '@aos/store';

/** Reads the journal for everybody in this process who waits for events. */
export interface EventWatch {
  /** Calls `deliver` with what follows `after`, in order and without a gap, until it is closed. */
  watch(position: events.Position, deliver: Deliver): Watcher;
}

/** Returns false when it cannot take more now; it is left out until `resume`. */
type Deliver = (news: readonly StoredEvent[]) => boolean;

export interface Watcher {
  resume(): void;
  close(): void;
}

const POLL_MS = 150;
const RETRY_MS = 1_000;
/** Events of one run in one reading. */
const PAGE = 200;
/** Runs in one statement. */
const RUNS_MAX = 500;

interface Reader {
  readonly tenant: string;
  readonly runId: string;
  readonly deliver: Deliver;
  after: number;
  paused: boolean;
}

/** One query about all watched runs, every 150 ms, and only while somebody watches. */
export function createEventWatch(
  database: Database,
  onError: (error: unknown) => void,
): EventWatch {
  const readers = new Set<Reader>();
  let timer: NodeJS.Timeout | undefined;
  let reading = false;

  const schedule = (ms: number): void => {
    if (reading) return;
    clearTimeout(timer);
    timer = readers.size > 0 ? setTimeout(() => void poll(), ms) : undefined;
  };

  const poll = async (): Promise<void> => {
    reading = true;
    let next = POLL_MS;
    try {
      if (await readAll(database, [...readers])) next = 0;
    } catch (error) {
      onError(error);
      next = RETRY_MS;
    }
    reading = false;
    schedule(next);
  };

  return {
    watch({ tenant, runId, after }, deliver) {
      const reader: Reader = { tenant, runId, after, deliver, paused: false };
      readers.add(reader);
      schedule(0);
      return {
        resume() {
          reader.paused = false;
          schedule(0);
        },
        close: () => void readers.delete(reader),
      };
    },
  };
}

/** Whether some run has more than fitted into one page. */
async function readAll(database: Database, all: readonly Reader[]): Promise<boolean> {
  const ready = all.filter(({ paused }) => !paused);
  let more = false;
  for (let at = 0; at < ready.length; at += RUNS_MAX) {
    const readers = ready.slice(at, at + RUNS_MAX);
    const tenants = readers.map(({ tenant }) => tenant);
    const found = await database.actingFor(tenants, (tx) =>
      events.listMany(tx, furthestBack(readers), PAGE),
    );
    const byRun = Map.groupBy(found, ({ runId }) => runId);
    for (const reader of readers) {
      const handed = hand(reader, byRun.get(reader.runId) ?? []);
      more ||= handed >= PAGE && !reader.paused;
    }
  }
  return more;
}

/** Each run once, from where its slowest reader stands. */
function furthestBack(readers: readonly Reader[]): events.Position[] {
  const positions = new Map<string, events.Position>();
  for (const { tenant, runId, after } of readers) {
    const known = positions.get(runId);
    if (!known || after < known.after) positions.set(runId, { tenant, runId, after });
  }
  return [...positions.values()];
}

/** How many it took. */
function hand(reader: Reader, found: readonly StoredEvent[]): number {
  const news: StoredEvent[] = [];
  for (const event of found) {
    // A later event may be committed first: it waits for the one before it.
    if (event.seq === reader.after + 1 + news.length) news.push(event);
  }
  const last = news.at(-1);
  if (!last) return 0;
  reader.after = last.seq;
  reader.paused = !reader.deliver(news);
  return news.length;
}
