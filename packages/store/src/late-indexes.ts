import type { Db } from './db.ts';

/** Indexes of tables that may be large and busy when they get them; by the column they begin with. */
const LATE = [
  { table: 'runs', column: 'parent_run_id', where: 'parent_run_id is not null' },
  { table: 'runs', column: 'origin_run_id', where: 'origin_run_id is not null' },
];

/**
 * Builds the indexes that are missing without a lock on their tables: the one thing that no transaction can
 * do, so no migration. Among them that of a part of the log which was a table with rows. Does nothing when
 * they are there.
 */
export async function buildLateIndexes(db: Db): Promise<void> {
  const parts = await db.query<{ part: string }>('select part from aos.event_parts()');
  const wanted = [
    ...LATE,
    ...parts.map(({ part }) => ({ table: part, column: 'position', where: '' })),
  ];
  for (const { table, column, where } of wanted) {
    if (await isThere(db, table, column)) continue;
    const name = `${table}_${column}_idx`;
    // What an attempt left behind that was cut off.
    await db.query(`drop index concurrently if exists aos.${name}`);
    await db.query(
      `create index concurrently ${name} on aos.${table} (${column}) ${where && `where ${where}`}`,
    );
  }
}

async function isThere(db: Db, table: string, column: string): Promise<boolean> {
  const rows = await db.query(
    `select 1
       from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = 'aos.${table}'::regclass and a.attname = '${column}' and i.indisvalid`,
  );
  return rows.length > 0;
}
