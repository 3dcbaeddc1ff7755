import type { Clock } from '../ports.ts';
import type { Timekeeper } from './worker-ports.ts';

/** The clock of the database, kept up by the local monotonic one. */
export interface DatabaseClock extends Clock {
  /** The database's clock showed `at` between these two moments of the local one. */
  align(at: Date, sentAt: number, receivedAt: number): void;
}

/**
 * Deadlines and the times of retries are compared by many machines. Each takes the time of the database,
 * which it learns whenever it renews its lease, so a wall clock that is wrong shifts nothing.
 */
export function createDatabaseClock(time: Timekeeper): DatabaseClock {
  let offset: number | undefined;
  return {
    align(at, sentAt, receivedAt) {
      const least = at.getTime() - receivedAt;
      const most = at.getTime() - sentAt;
      // Moved only when it is certainly wrong: a clock that jitters makes durations that lie.
      offset = offset === undefined ? (least + most) / 2 : Math.min(Math.max(offset, least), most);
    },
    now() {
      if (offset === undefined) throw new Error('The time of the database is not known yet.');
      return new Date(Math.round(time.monotonicMs() + offset));
    },
    sleep: (ms, signal) => time.sleep(ms, signal),
    after: (ms, then) => time.after(ms, then),
  };
}
