import type { health } from '@aos/store';

import { fail, ok, warn, type Finding } from '../finding.ts';

const DEAD_ROWS_MIN = 50_000;
const DEAD_SHARE = 0.3;
/** Workers make four weeks ahead. */
const AHEAD_DAYS_MIN = 7;
const DAY_MS = 86_400_000;

/** Dead rows that nobody removes, and room in the event log. */
export function checkTables({ tables, eventPartsUntil, now }: health.Health): Finding[] {
  const bloated = tables.filter(
    ({ live, dead }) => dead >= DEAD_ROWS_MIN && dead > (live + dead) * DEAD_SHARE,
  );
  return [
    ...(bloated.length > 0
      ? bloated.map(({ name, live, dead }) =>
          warn(
            'dead rows',
            `The table ${name} has ${dead} dead rows beside ${live} live ones.`,
            `Run VACUUM on it, and see why autovacuum does not: an old transaction, or an idle slot.`,
          ),
        )
      : [ok('dead rows', 'Autovacuum keeps up.')]),
    eventParts(eventPartsUntil, now),
  ];
}

function eventParts(until: Date | undefined, now: Date): Finding {
  const days = ((until?.getTime() ?? 0) - now.getTime()) / DAY_MS;
  const detail = until
    ? `The event log has parts until ${until.toISOString().slice(0, 10)}.`
    : 'The event log has no parts.';
  return days < AHEAD_DAYS_MIN
    ? fail('event log', detail, 'Start a worker: it makes the parts of the next weeks.')
    : ok('event log', detail);
}
