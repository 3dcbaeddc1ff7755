import { AosError, idOf, OPERATION_ITEMS_MAX, uuidOf } from '@aos/core';

import type { Db } from './db.ts';
import {
  IS_OPEN,
  LETTER_FILTER,
  letterUuid,
  letterValues,
  type LetterFilter,
} from './letter-row.ts';
import { runConditions, type RunFilter } from './run-filter.ts';

/** Which runs an operation is about. */
export type Selection =
  /** `finished`: those that can be run again; `unfinished`: those that can be cancelled. */
  | {
      readonly of: 'finished' | 'unfinished';
      readonly ids?: readonly string[];
      readonly filter?: RunFilter;
    }
  /** Open dead letters, by their ids or those of their runs. */
  | { readonly of: 'letters'; readonly ids?: readonly string[]; readonly filter?: LetterFilter };

export interface Preview {
  /** Exact. */
  readonly count: number;
  /** Of the set, whoever computes it: the same hash is the same runs. */
  readonly hash: string;
  /** The first ones, in the order in which they would be done. */
  readonly sample: readonly string[];
}

/** A query that gives the UUIDs as `run_id` in the order `nth`, with its parameters. */
export interface SelectionQuery {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Oldest first: who waits longest is helped first. One more than allowed, to see that it is too many. */
export function selectionQuery(tenant: string, selection: Selection): SelectionQuery {
  const ids = selection.ids?.map((id) => uuidIn(selection, id)) ?? null;
  if (selection.of === 'letters') {
    const values = [...letterValues(tenant, { ...selection.filter, state: 'open' }), ids];
    const text = `
      select d.run_id, row_number() over (order by d.at, d.run_id)::int as nth
        from aos.dead_letters d
       where ${LETTER_FILTER}
         and ($${values.length}::uuid[] is null or d.run_id = any ($${values.length}))
         and ${IS_OPEN}
       order by nth
       limit ${OPERATION_ITEMS_MAX + 1}`;
    return { text, values };
  }
  const { found, judged, values: asked } = runConditions(tenant, selection.filter ?? {});
  const values = [...asked, ids];
  const text = `
      select r.id as run_id, row_number() over (order by r.created_at, r.id)::int as nth
        from aos.runs r
       where ${[...found, ...judged].join(' and ')}
         and ($${values.length}::uuid[] is null or r.id = any ($${values.length}))
         and r.status ${selection.of === 'finished' ? '=' : '<>'} 'finished'
       order by nth
       limit ${OPERATION_ITEMS_MAX + 1}`;
  return { text, values };
}

/** What the selection is now. In the tenant's transaction. */
export async function preview(
  tx: Db,
  tenant: string,
  selection: Selection,
  sampleMax: number,
): Promise<Preview> {
  await refuseUnknown(tx, selection);
  const { text, values } = selectionQuery(tenant, selection);
  const rows = await tx.query<{ count: number; hash: string; sample: string[] | null }>(
    `with chosen as materialized (${text})
     select count(*)::int as count, ${HASH} as hash,
            (array_agg(run_id order by nth))[1:$${values.length + 1}] as sample
       from chosen`,
    [...values, sampleMax],
  );
  const { count = 0, hash = '', sample } = rows[0] ?? {};
  refuseTooMany(count);
  return { count, hash, sample: (sample ?? []).map((uuid) => idOf('run', uuid)) };
}

export const HASH = `encode(sha256(convert_to(coalesce(string_agg(run_id::text, ',' order by run_id), ''), 'UTF8')), 'hex')`;

export function refuseTooMany(count: number): void {
  if (count <= OPERATION_ITEMS_MAX) return;
  const detail = `selects more than ${OPERATION_ITEMS_MAX} runs; narrow the filter, and do the rest afterwards`;
  throw new AosError('invalid_request', `The request: #/filter ${detail}.`, {
    problems: [{ pointer: '#/filter', detail }],
  });
}

/** An id that names nothing is a mistake that must not pass in silence. */
export async function refuseUnknown(tx: Db, selection: Selection): Promise<void> {
  if (!selection.ids) return;
  const uuids = selection.ids.map((id) => uuidIn(selection, id));
  const table = selection.of === 'letters' ? 'aos.dead_letters' : 'aos.runs';
  const column = selection.of === 'letters' ? 'run_id' : 'id';
  const rows = await tx.query<{ nth: string }>(
    `select a.nth
       from unnest($1::uuid[]) with ordinality as a(id, nth)
      where not exists (select from ${table} t where t.${column} = a.id)
      order by a.nth`,
    [uuids],
  );
  const [first] = rows;
  if (!first) return;
  throw unknown(selection, selection.ids[Number(first.nth) - 1] ?? '');
}

function uuidIn(selection: Selection, id: string): string {
  const uuid = selection.of === 'letters' ? letterUuid(id) : uuidOf('run', id);
  if (!uuid) throw unknown(selection, id);
  return uuid;
}

function unknown(selection: Selection, id: string): AosError {
  return selection.of === 'letters'
    ? new AosError('dead_letter_not_found', `No dead letter has the id ${JSON.stringify(id)}.`)
    : new AosError('run_not_found', `No run has the id ${JSON.stringify(id)}.`);
}
