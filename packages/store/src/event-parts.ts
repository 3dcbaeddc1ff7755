import type { Db } from './db.ts';

/** Makes the parts of the log that the next weeks need. Returns how many there were to make. */
export async function makeAhead(db: Db): Promise<number> {
  const rows = await db.query<{ made: number }>('select aos.make_event_parts() as made');
  return rows[0]?.made ?? 0;
}
