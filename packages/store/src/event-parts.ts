import type { Db } from './db.ts';

/** Makes the parts of the log that the next weeks need. Returns how many there were to make. */
export async function makeAhead(db: Db): Promise<number> {
  const rows = await db.query<{ made: number }>('select aos.make_event_parts() as made');
  return rows[0]?.made ?? 0;
}

/**
 * Gives the part of the log that was a table with rows its index by position, without a lock: the one
 * thing that no transaction can do, so no migration. Does nothing when it is there.
 */
export async function completeIndex(db: Db): Promise<void> {
  const bare = await db.query<{ part: string }>(
    `select part from aos.event_parts()
      where not exists (select 1
                          from pg_index i
                          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                         where i.indrelid = ('aos.' || part)::regclass
                           and a.attname = 'position' and i.indisvalid)`,
  );
  for (const { part } of bare) {
    // What an attempt left behind that was cut off.
    await db.query(`drop index concurrently if exists aos.${part}_position_idx`);
    await db.query(`create index concurrently ${part}_position_idx on aos.${part} (position)`);
  }
}
