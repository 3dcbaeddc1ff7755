import { idOf, REDRIVES_MAX, uuidOf, type OperationFacts, type OperationKind } from '@aos/core';

import type { Db } from './db.ts';
import type { OperationRequest } from './operations.ts';

/** An operation in the hands of one driver, as long as its transaction lives. */
export interface HeldOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly request: OperationRequest;
  readonly reason: string;
  readonly by: string;
  readonly facts: OperationFacts;
  /** By the clock of the database: all drivers go by it. */
  readonly now: Date;
}

/** A run of an operation whose turn has come. */
export interface DueItem {
  readonly nth: number;
  readonly runId: string;
  /** Why nothing is to be done about it any more. */
  readonly skip?: string;
  /** Why it must not be done. */
  readonly refuse?: string;
}

/** What was done about an item. */
export type ItemResult =
  | { readonly nth: number; readonly state: 'started'; readonly newRunId?: string }
  | { readonly nth: number; readonly state: 'skipped' | 'refused'; readonly detail: string };

/** Operations of all tenants that somebody must drive. */
export async function running(db: Db): Promise<{ readonly tenant: string; readonly id: string }[]> {
  const rows = await db.query<{ tenant_id: string; id: string }>(
    'select tenant_id, id from aos.running_operations()',
  );
  return rows.map(({ tenant_id, id }) => ({ tenant: tenant_id, id: idOf('operation', id) }));
}

interface HeldRow {
  readonly kind: OperationKind;
  readonly request: OperationRequest;
  readonly reason: string;
  readonly created_by: string;
  readonly canary: readonly number[];
  readonly stage: number;
  readonly rate: number;
  readonly next_at: Date;
}

interface FactsRow {
  readonly now: Date;
  readonly pending: number;
  readonly started: number;
  readonly refused: number;
  readonly ended: number;
  readonly succeeded: number;
  readonly failed_same: number;
  readonly last_started_at: Date | null;
}

/** Takes the operation in hand; undefined when another driver has it, or it has ended. */
export async function hold(tx: Db, id: string): Promise<HeldOperation | undefined> {
  const uuid = uuidOf('operation', id) ?? null;
  const [row] = await tx.query<HeldRow>(
    `select kind, request, reason, created_by, canary, stage, rate, next_at
       from aos.operations
      where id = $1 and state = 'running'
        for update skip locked`,
    [uuid],
  );
  if (!row) return undefined;
  // A statement of its own: it sees what the driver before us committed.
  const [facts] = await tx.query<FactsRow>(FACTS, [uuid, row.stage]);
  if (!facts) return undefined;
  return {
    id,
    kind: row.kind,
    request: row.request,
    reason: row.reason,
    by: row.created_by,
    now: facts.now,
    facts: {
      canary: row.canary,
      stage: row.stage,
      ratePerSecond: row.rate,
      nextAt: row.next_at,
      pending: facts.pending,
      inStage: {
        started: facts.started,
        refused: facts.refused,
        ended: facts.ended,
        succeeded: facts.succeeded,
        failedSame: facts.failed_same,
        ...(facts.last_started_at && { lastStartedAt: facts.last_started_at }),
      },
    },
  };
}

const FACTS = `
  select clock_timestamp() as now,
         (select count(*)::int from aos.operation_items
           where operation_id = $1 and state = 'pending') as pending,
         (count(*) filter (where i.state = 'started'))::int as started,
         (count(*) filter (where i.state = 'refused'))::int as refused,
         count(r.outcome)::int as ended,
         (count(*) filter (where r.outcome = 'succeeded'))::int as succeeded,
         (count(*) filter (where fresh.fingerprint = old.fingerprint))::int as failed_same,
         max(i.settled_at) filter (where i.state = 'started') as last_started_at
    from aos.operation_items i
    left join aos.runs r on r.id = i.new_run_id
    left join aos.dead_letters fresh on fresh.run_id = i.new_run_id
    left join aos.dead_letters old on old.run_id = i.run_id
   where i.operation_id = $1
     and i.stage = $2`;

/** The next runs in their order, with their letters locked: nobody else settles them meanwhile. */
export async function nextItems(tx: Db, id: string, count: number): Promise<DueItem[]> {
  const rows = await tx.query<{ nth: number; run_id: string }>(
    `select nth, run_id
       from aos.operation_items
      where operation_id = $1 and state = 'pending'
      order by nth
      limit $2`,
    [uuidOf('operation', id) ?? null, count],
  );
  const letters = await tx.query<LetterState>(
    `select run_id, redrives, redriven_as, discarded_at
       from aos.dead_letters
      where run_id = any ($1::uuid[])
      order by run_id
        for update`,
    [rows.map(({ run_id }) => run_id)],
  );
  const byRun = new Map(letters.map((letter) => [letter.run_id, letter]));
  return rows.map(({ nth, run_id }) => ({
    nth,
    runId: idOf('run', run_id),
    ...obstacle(byRun.get(run_id)),
  }));
}

interface LetterState {
  readonly run_id: string;
  readonly redrives: number;
  readonly redriven_as: string | null;
  readonly discarded_at: Date | null;
}

function obstacle(letter: LetterState | undefined): Pick<DueItem, 'skip' | 'refuse'> {
  if (!letter) return {};
  if (letter.redriven_as) {
    return { skip: `It was run again before, as ${idOf('run', letter.redriven_as)}.` };
  }
  if (letter.discarded_at) return { skip: 'Its dead letter was discarded.' };
  return letter.redrives >= REDRIVES_MAX
    ? { refuse: `Its lineage was run again ${letter.redrives} times; look at the cause first.` }
    : {};
}

export async function settleItems(
  tx: Db,
  id: string,
  stage: number,
  results: readonly ItemResult[],
): Promise<void> {
  await tx.query(
    `update aos.operation_items i
        set state = a.state, stage = $2, new_run_id = a.new_run_id, detail = a.detail,
            settled_at = clock_timestamp(), live = a.state = 'started'
       from unnest($3::int[], $4::text[], $5::uuid[], $6::text[]) as a(nth, state, new_run_id, detail)
      where i.operation_id = $1 and i.nth = a.nth and i.state = 'pending'`,
    [
      uuidOf('operation', id) ?? null,
      stage,
      results.map(({ nth }) => nth),
      results.map(({ state }) => state),
      results.map((one) =>
        one.state === 'started' && one.newRunId ? uuidOf('run', one.newRunId) : null,
      ),
      results.map((one) => (one.state === 'started' ? null : one.detail)),
    ],
  );
}

/** Where the operation goes on. */
export async function moveOn(
  tx: Db,
  id: string,
  to: { readonly stage: number; readonly nextAt: Date },
): Promise<void> {
  await tx.query(`update aos.operations set stage = $2, next_at = $3 where id = $1`, [
    uuidOf('operation', id) ?? null,
    to.stage,
    to.nextAt,
  ]);
}
