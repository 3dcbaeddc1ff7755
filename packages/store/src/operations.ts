import {
  AosError,
  failures,
  idOf,
  uuidOf,
  type OperationKind,
  type OperationState,
  type Outcome,
  type PatchOperation,
  type PlannerName,
  type RerunMode,
} from '@aos/core';

import type { Db } from './db.ts';

/** How each run of an operation is made; nothing for `cancel`. */
export interface OperationRequest {
  readonly mode?: RerunMode;
  readonly fromStep?: string;
  readonly patch?: readonly PatchOperation[];
  readonly priority?: number;
  readonly agentVersion?: number;
  readonly planner?: PlannerName;
}

export interface Operation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly request: OperationRequest;
  /** What was asked for: ids, or a filter. */
  readonly selection: Readonly<Record<string, unknown>>;
  readonly selectionHash: string;
  readonly total: number;
  readonly canary: readonly number[];
  readonly ratePerSecond: number;
  readonly stage: number;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly endedAt?: Date;
  readonly endedBy?: string;
  readonly endReason?: string;
  readonly progress: OperationProgress;
}

/** By item; what became of the runs that were started is read from them. */
export interface OperationProgress {
  readonly pending: number;
  readonly started: number;
  readonly skipped: number;
  readonly refused: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface OperationItem {
  readonly nth: number;
  readonly runId: string;
  readonly state: 'pending' | 'started' | 'skipped' | 'refused';
  readonly newRunId?: string;
  readonly outcome?: Outcome;
  readonly detail?: string;
  readonly settledAt?: Date;
}

interface OperationRow {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly request: OperationRequest;
  readonly selection: Readonly<Record<string, unknown>>;
  readonly selection_hash: string;
  readonly total: number;
  readonly canary: readonly number[];
  readonly rate: number;
  readonly stage: number;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly place: string;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
  readonly end_reason: string | null;
  readonly progress: OperationProgress;
}

const COLUMNS = `o.id, o.kind, o.state, o.request, o.selection, o.selection_hash, o.total, o.canary, o.rate,
       o.stage, o.reason, o.created_by, o.created_at, o.created_at::text as place, o.ended_at, o.ended_by,
       o.end_reason, p.progress`;

/** Of a cancellation, the run itself tells the outcome. */
const SOURCE = `aos.operations o
  cross join lateral (
        select jsonb_build_object(
                 'pending', count(*) filter (where i.state = 'pending'),
                 'started', count(*) filter (where i.state = 'started'),
                 'skipped', count(*) filter (where i.state = 'skipped'),
                 'refused', count(*) filter (where i.state = 'refused'),
                 'succeeded', count(*) filter (where i.state = 'started' and r.outcome = 'succeeded'),
                 'failed', count(*) filter (where i.state = 'started' and r.outcome = 'failed'),
                 'cancelled', count(*) filter (where i.state = 'started' and r.outcome = 'cancelled')) as progress
          from aos.operation_items i
          left join aos.runs r on r.id = coalesce(i.new_run_id, i.run_id) and i.state = 'started'
         where i.operation_id = o.id) as p`;

export async function get(db: Db, id: string): Promise<Operation> {
  const rows = await db.query<OperationRow>(`select ${COLUMNS} from ${SOURCE} where o.id = $1`, [
    uuidOf('operation', id) ?? null,
  ]);
  if (!rows[0]) throw new AosError('operation_not_found', failures.operation_not_found.meaning);
  return toOperation(rows[0]);
}

export interface OperationPlace {
  readonly createdAt: string;
  readonly id: string;
}

/** Newest first. */
export async function list(
  db: Db,
  tenant: string,
  state: OperationState | undefined,
  page: { readonly limit: number; readonly after?: OperationPlace },
): Promise<{ readonly items: readonly Operation[]; readonly next?: OperationPlace }> {
  const rows = await db.query<OperationRow>(
    `select ${COLUMNS}
       from ${SOURCE}
      where o.tenant_id = $1
        and ($2::text is null or o.state = $2)
        and ($3::timestamptz is null or (o.created_at, o.id) < ($3::timestamptz, $4::uuid))
      order by o.created_at desc, o.id desc
      limit $5 + 1`,
    [
      tenant,
      state ?? null,
      page.after?.createdAt ?? null,
      page.after ? uuidOf('operation', page.after.id) : null,
      page.limit,
    ],
  );
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    items: rows.slice(0, page.limit).map(toOperation),
    ...(last && { next: { createdAt: last.place, id: idOf('operation', last.id) } }),
  };
}

/** In the order they are done, from behind `after`. */
export async function items(
  db: Db,
  id: string,
  page: { readonly limit: number; readonly after?: number },
): Promise<{ readonly items: readonly OperationItem[]; readonly next?: number }> {
  const rows = await db.query<{
    nth: number;
    run_id: string;
    state: OperationItem['state'];
    new_run_id: string | null;
    outcome: Outcome | null;
    detail: string | null;
    settled_at: Date | null;
  }>(
    `select i.nth, i.run_id, i.state, i.new_run_id, r.outcome, i.detail, i.settled_at
       from aos.operation_items i
       left join aos.runs r on r.id = coalesce(i.new_run_id, i.run_id) and i.state = 'started'
      where i.operation_id = $1 and i.nth > $2
      order by i.nth
      limit $3 + 1`,
    [uuidOf('operation', id) ?? null, page.after ?? 0, page.limit],
  );
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    items: rows.slice(0, page.limit).map((row) => ({
      nth: row.nth,
      runId: idOf('run', row.run_id),
      state: row.state,
      ...(row.new_run_id && { newRunId: idOf('run', row.new_run_id) }),
      ...(row.outcome && { outcome: row.outcome }),
      ...(row.detail !== null && { detail: row.detail }),
      ...(row.settled_at && { settledAt: row.settled_at }),
    })),
    ...(last && { next: last.nth }),
  };
}

/**
 * Ends an operation: what it has started goes on, what is left is let go. False when it had ended
 * already. Waits for the commit that somebody drives at the moment.
 */
export async function end(
  tx: Db,
  id: string,
  how: {
    readonly state: Exclude<OperationState, 'running'>;
    readonly reason?: string;
    readonly by?: string;
  },
): Promise<boolean> {
  const uuid = uuidOf('operation', id) ?? null;
  const rows = await tx.query(
    `update aos.operations
        set state = $2, end_reason = $3, ended_by = $4, ended_at = clock_timestamp()
      where id = $1 and state = 'running'
  returning id`,
    [uuid, how.state, how.reason ?? null, how.by ?? null],
  );
  if (rows.length === 0) return false;
  await tx.query(`update aos.operation_items set live = false where operation_id = $1 and live`, [
    uuid,
  ]);
  return true;
}

function toOperation(row: OperationRow): Operation {
  return {
    id: idOf('operation', row.id),
    kind: row.kind,
    state: row.state,
    request: row.request,
    selection: row.selection,
    selectionHash: row.selection_hash,
    total: row.total,
    canary: row.canary,
    ratePerSecond: row.rate,
    stage: row.stage,
    reason: row.reason,
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...(row.ended_at && { endedAt: row.ended_at }),
    ...(row.ended_by !== null && { endedBy: row.ended_by }),
    ...(row.end_reason !== null && { endReason: row.end_reason }),
    progress: row.progress,
  };
}
