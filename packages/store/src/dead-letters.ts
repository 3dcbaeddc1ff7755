import { AosError, failures, idOf } from '@aos/core';

import type { Db } from './db.ts';
import {
  IS_OPEN,
  LETTER_FILTER,
  LETTER_VALUES,
  LETTER_VIEW,
  letterUuid,
  letterValues,
  toLetter,
  type DeadLetter,
  type LetterFilter,
  type LetterRow,
} from './letter-row.ts';
import type { Queue } from './queue.ts';

export {
  letterStates,
  type DeadLetter,
  type LetterFilter,
  type LetterState,
} from './letter-row.ts';

/** The place of a letter in the list, newest first; the time as PostgreSQL wrote it. */
export interface LetterPlace {
  readonly at: string;
  readonly id: string;
}

const SOURCE = `aos.dead_letters d
    join aos.goals g on g.run_id = d.run_id
    left join aos.operation_items i on i.run_id = d.run_id and i.live and i.state = 'pending'`;

/** By its own id or by that of its run. */
export async function get(db: Db, id: string): Promise<DeadLetter> {
  const rows = await db.query<LetterRow>(
    `select ${LETTER_VIEW} from ${SOURCE} where d.run_id = $1`,
    [letterUuid(id) ?? null],
  );
  if (!rows[0]) throw new AosError('dead_letter_not_found', failures.dead_letter_not_found.meaning);
  return toLetter(rows[0]);
}

/** All letters of the lineage of a letter, oldest first. */
export async function lineage(db: Db, letter: DeadLetter): Promise<DeadLetter[]> {
  const rows = await db.query<LetterRow>(
    `select ${LETTER_VIEW} from ${SOURCE} where d.root_run_id = $1 order by d.at, d.run_id limit 100`,
    [letterUuid(letter.rootRunId) ?? null],
  );
  return rows.map(toLetter);
}

const AFTER = LETTER_VALUES + 1;

/** Newest first, from behind `after`; what comes in meanwhile stands before the first page. */
export async function list(
  db: Db,
  tenant: string,
  filter: LetterFilter,
  page: { readonly limit: number; readonly after?: LetterPlace },
): Promise<{ readonly items: readonly DeadLetter[]; readonly next?: LetterPlace }> {
  const rows = await db.query<LetterRow>(
    `select ${LETTER_VIEW}
       from ${SOURCE}
      where ${LETTER_FILTER}
        and ($${AFTER}::timestamptz is null
             or (d.at, d.run_id) < ($${AFTER}::timestamptz, $${AFTER + 1}::uuid))
      order by d.at desc, d.run_id desc
      limit $${AFTER + 2} + 1`,
    [
      ...letterValues(tenant, filter),
      page.after?.at ?? null,
      page.after ? letterUuid(page.after.id) : null,
      page.limit,
    ],
  );
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    items: rows.slice(0, page.limit).map(toLetter),
    ...(last && { next: { at: last.place, id: idOf('deadLetter', last.run_id) } }),
  };
}

/** In one commit. */
export const DISCARD_MAX = 10_000;

/** Letters that are open and in nobody's hands, at most 10,000; how many they were. */
export async function discardMany(
  tx: Db,
  queue: Queue,
  tenant: string,
  which: { readonly ids: readonly string[] } | { readonly filter: LetterFilter },
  how: { readonly reason: string; readonly by: string },
): Promise<number> {
  const ids = 'ids' in which ? which.ids.map((id) => letterUuid(id)) : null;
  const filter = 'filter' in which ? which.filter : {};
  const rows = await tx.query<{ run_id: string }>(
    `update aos.dead_letters as d
        set discarded_at = clock_timestamp(), discarded_by = $${AFTER + 1}, discard_reason = $${AFTER + 2}
      where ${IS_OPEN}
        and d.run_id in (
              select d.run_id from aos.dead_letters d
               where ${LETTER_FILTER}
                 and ($${AFTER}::uuid[] is null or d.run_id = any ($${AFTER}))
                 and ${IS_OPEN}
               order by d.run_id
               limit ${DISCARD_MAX})
  returning d.run_id`,
    [...letterValues(tenant, { ...filter, state: 'open' }), ids, how.by, how.reason],
  );
  await queue.unbury(
    tx,
    rows.map(({ run_id }) => run_id),
  );
  return rows.length;
}
