import { ok, warn, type Finding } from '../finding.ts';

/** AOS decides by the clock of the database alone; people compare its times with those of other logs. */
const SKEW_MAX_MS = 1_000;

/** The skew is known only up to the time that the answer took. */
export function checkClock(database: Date, askedMs: number, answeredMs: number): Finding[] {
  const early = database.getTime() - answeredMs;
  const late = database.getTime() - askedMs;
  const skew = early > 0 ? early : late < 0 ? late : 0;
  if (Math.abs(skew) <= SKEW_MAX_MS) {
    return [ok('clock', 'The clocks of this machine and of the database agree within a second.')];
  }
  const direction = skew > 0 ? 'ahead of' : 'behind';
  return [
    warn(
      'clock',
      `The database's clock is ${(Math.abs(skew) / 1000).toFixed(1)} s ${direction} this machine's.`,
      'Synchronise both by NTP. Runs are not harmed: AOS takes all times from the database.',
    ),
  ];
}
