import {
  AosError,
  failures,
  idOf,
  uuidOf,
  type Approval,
  type ApprovalKind,
  type Decision,
  type Json,
  type Status,
} from '@aos/core';

import type { Db } from './db.ts';
import type { Queue } from './queue.ts';
import { dispatchNow } from './runs.ts';

interface ApprovalRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly run_id: string;
  readonly step_key: string;
  readonly kind: ApprovalKind;
  readonly reason: string;
  readonly skill: string;
  readonly input: Json;
  readonly input_hash: string;
  readonly created_at: Date;
  readonly decision: Decision | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly comment: string | null;
}

const COLUMNS = `a.tenant_id, a.id, a.run_id, a.step_key, a.kind, a.reason, a.skill, a.input,
            a.input_hash, a.created_at, a.decision, a.decided_by, a.decided_at, a.comment`;

export interface ApprovalFilter {
  /** `open`: somebody must still decide; an undecided one of a finished run is not open any more. */
  readonly status: 'open' | 'decided' | 'all';
  readonly runId?: string;
}

export async function get(db: Db, id: string): Promise<Approval> {
  const rows = await db.query<ApprovalRow>(
    `select ${COLUMNS}
       from aos.approvals a
      where a.id = $1`,
    [uuidOf('approval', id) ?? null],
  );
  if (!rows[0]) throw new AosError('approval_not_found', failures.approval_not_found.meaning);
  return toApproval(rows[0]);
}

/** Oldest first, from behind the approval `after`; ids grow with time. */
export async function list(
  db: Db,
  tenant: string,
  filter: ApprovalFilter,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly items: readonly Approval[]; readonly next?: string }> {
  const rows = await db.query<ApprovalRow>(
    `select ${COLUMNS}
       from aos.approvals a
       join aos.runs r on r.id = a.run_id
      where a.tenant_id = $1
        and ($2::uuid is null or a.id > $2)
        and ($3::uuid is null or a.run_id = $3)
        and case $4
              when 'open' then a.decision is null and r.status <> 'finished'
              when 'decided' then a.decision is not null
              else true
            end
      order by a.id
      limit $5 + 1`,
    [
      tenant,
      page.after ? uuidOf('approval', page.after) : null,
      filter.runId ? uuidOf('run', filter.runId) : null,
      filter.status,
      page.limit,
    ],
  );
  const items = rows.slice(0, page.limit).map(toApproval);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  return { items, ...(last && { next: last.id }) };
}

/**
 * Records the decision unless there is one, and lets the run go on. `first` is false when somebody was
 * earlier; the approval has that decision then. Throws `approval_not_found`, and `run_finished` when
 * nothing can go on any more. In the caller's transaction.
 */
export async function decide(
  tx: Db,
  queue: Queue,
  id: string,
  given: { readonly decision: Decision; readonly by: string; readonly comment?: string },
): Promise<{ readonly first: boolean; readonly approval: Approval }> {
  const before = await get(tx, id);
  // The run's row first, as workers lock it: a worker about to put the run to sleep waits for us here.
  const [run] = await tx.query<{ status: Status; priority: number }>(
    `select status, priority
       from aos.runs
      where id = $1
        for update`,
    [uuidOf('run', before.runId)],
  );
  const rows = await tx.query<ApprovalRow>(
    `update aos.approvals a
        set decision = $2, decided_by = $3, decided_at = now(), comment = $4
      where a.id = $1 and a.decision is null and $5
  returning ${COLUMNS}`,
    [
      uuidOf('approval', id),
      given.decision,
      given.by,
      given.comment ?? null,
      run?.status !== 'finished',
    ],
  );
  if (!rows[0]) {
    const approval = await get(tx, id);
    if (approval.decided) return { first: false, approval };
    throw new AosError('run_finished', `The run ${before.runId} has finished already.`);
  }
  if (run?.status === 'waiting') await wake(tx, queue, before.runId, run.priority);
  return { first: true, approval: toApproval(rows[0]) };
}

async function wake(tx: Db, queue: Queue, runId: string, priority: number): Promise<void> {
  const uuid = uuidOf('run', runId) as string;
  await tx.query(
    `update aos.runs
        set status = 'queued', waiting_for = null, wake_at = null
      where id = $1`,
    [uuid],
  );
  await dispatchNow(tx, queue, uuid, priority);
}

function toApproval(row: ApprovalRow): Approval {
  return {
    id: idOf('approval', row.id),
    tenant: row.tenant_id,
    runId: idOf('run', row.run_id),
    stepKey: row.step_key,
    kind: row.kind,
    reason: row.reason,
    skill: row.skill,
    input: row.input,
    inputHash: row.input_hash,
    createdAt: row.created_at,
    ...(row.decision &&
      row.decided_at && {
        decided: {
          decision: row.decision,
          by: row.decided_by ?? '',
          at: row.decided_at,
          ...(row.comment !== null && { comment: row.comment }),
        },
      }),
  };
}
