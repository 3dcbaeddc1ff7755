import { idOf, type NextState } from '@aos/core';

import { bury } from './bury.ts';
import type { Db } from './db.ts';
import {
  approvalRows,
  eventColumns,
  planRows,
  runColumns,
  stepColumns,
} from './journal-columns.ts';
import type { Entry } from './journal-entry.ts';
import type { Queue } from './queue.ts';

/**
 * Writes the entries of runs that this worker still holds, in one statement, and settles the jobs of
 * runs whose claim ends. Returns the runs it held; of all others nothing was written. In the caller's
 * transaction.
 */
export async function writeEntries(
  tx: Db,
  queue: Queue,
  entries: readonly Entry[],
  workerUuid: string,
  lane: number,
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<HeldRow>(WRITE, [
    ...runColumns(entries),
    workerUuid,
    ...eventColumns(entries),
    ...stepColumns(entries),
    lane,
    JSON.stringify(entries.flatMap(planRows)),
    JSON.stringify(entries.flatMap(approvalRows)),
  ]);
  const held = new Map(rows.map((row) => [row.id, row]));
  const ended = entries.filter(({ claim, change }) => change.next && held.has(claim.uuid));
  if (ended.length > 0) await settleJobs(tx, queue, ended, held);
  await bury(
    tx,
    queue,
    ended.filter(hasFailed).map(({ claim }) => claim.uuid),
  );
  return new Set(held.keys());
}

function hasFailed({ change: { next } }: Entry): boolean {
  return next?.status === 'finished' && next.outcome === 'failed';
}

interface HeldRow {
  readonly id: string;
  readonly priority: number;
  readonly cancel_requested: boolean;
}

/** Finished: the job is completed. Waiting: it leaves the queue until the wait is over. */
async function settleJobs(
  tx: Db,
  queue: Queue,
  ended: readonly Entry[],
  held: ReadonlyMap<string, HeldRow>,
): Promise<void> {
  const parked = ended.filter(({ change }) => change.next?.status !== 'finished');
  await queue.complete(
    tx,
    ended.filter(({ change }) => change.next?.status === 'finished').map(({ claim }) => claim.job),
  );
  if (parked.length === 0) return;
  await noteSkills(tx, parked);
  const urgent = await decidedMeanwhile(tx, parked);
  await queue.remove(
    tx,
    parked.map(({ claim }) => claim.uuid),
  );
  const dispatches = parked.flatMap(({ claim, change }) => {
    const row = held.get(claim.uuid);
    const next = change.next as Exclude<NextState, { status: 'finished' }>;
    const now = next.status === 'queued' || row?.cancel_requested || urgent.has(claim.uuid);
    const startAfter = !now && next.status === 'waiting' ? next.wakeAt : undefined;
    if (!now && !startAfter) return [];
    const priority = row?.priority ?? 0;
    return [{ uuid: claim.uuid, priority, resumed: true, ...(startAfter && { startAfter }) }];
  });
  await queue.send(tx, dispatches);
}

/** Which skills keep a run at rest; nothing to do for runs that do not rest. */
async function noteSkills(tx: Db, parked: readonly Entry[]): Promise<void> {
  const rests = parked.flatMap(({ claim, change: { next } }) =>
    next?.status === 'waiting' && next.waitingFor === 'pause'
      ? [{ id: claim.uuid, skills: next.pausedSkills ?? null }]
      : [],
  );
  if (rests.length === 0) return;
  await tx.query(
    `update aos.runs r
        set paused_skills = n.skills
       from jsonb_to_recordset($1::jsonb) as n(id uuid, skills text[])
      where r.id = n.id and r.waiting_for = 'pause'`,
    [JSON.stringify(rests)],
  );
}

/**
 * Approvals that were decided between the worker's last look and this commit: their runs must not go to
 * sleep. A statement of its own, so that it sees what was committed before we got the run's row.
 */
async function decidedMeanwhile(tx: Db, parked: readonly Entry[]): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ run_id: string; approval_id: string }>(
    `select s.run_id, s.approval_id
       from aos.steps s
       join aos.approvals a on a.id = s.approval_id
      where s.run_id = any ($1::uuid[])
        and s.status = 'waiting'
        and a.decision is not null`,
    [parked.map(({ claim }) => claim.uuid)],
  );
  // A paused run rests on decisions that it knew when it was claimed.
  const known = new Map(parked.map(({ claim }) => [claim.uuid, claim.run.decisions]));
  const news = rows.filter((row) => !known.get(row.run_id)?.has(idOf('approval', row.approval_id)));
  return new Set(news.map(({ run_id }) => run_id));
}

/**
 * `life` keeps the worker's row as it is until the commit: while it is held, nobody can declare the worker
 * dead, and only who has done so may raise the epoch of a run it holds. So runs need no lock of their own,
 * but for those whose claim ends, which are written anyway. Everything joins `held`: a worker that lost its
 * claim writes nothing. Events that stand already are left as they are, and only new ones are counted:
 * sending a batch twice changes nothing.
 *
 * The worker is compared in a way no index serves: the planner would rather walk all runs of the worker for
 * each claim than look the claims up by their keys.
 */
const WRITE = `
  with life as materialized (
    select id from aos.workers where id = $8 and state in ('live', 'stopping') for key share),
  held as materialized (
    select r.id, r.tenant_id, r.epoch, r.priority, r.cancel_requested_at is not null as cancel_requested,
           c.status, c.outcome, c.failure_code, c.waiting_for, c.wake_at
      from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
             as c(id, epoch, status, outcome, failure_code, waiting_for, wake_at)
      join aos.runs r on r.id = c.id and r.epoch = c.epoch
      join life on life.id is not distinct from r.worker_id),
  written as (
    insert into aos.events (tenant_id, run_id, seq, epoch, type, data, at)
    select h.tenant_id, e.run_id, e.seq, h.epoch, e.type, e.data, e.at
      from unnest($9::uuid[], $10::int[], $11::text[], $12::jsonb[], $13::timestamptz[])
             as e(run_id, seq, type, data, at)
      join held h on h.id = e.run_id
        on conflict (run_id, seq) do nothing
    returning run_id, seq),
  steps as (
    insert into aos.steps as kept
           (tenant_id, run_id, key, skill, skill_version, effect, status, attempt, epoch, input_hash,
            output, failure, waiting_for, wake_at, approval_id, skip_reason, started_at, finished_at)
    select h.tenant_id, s.run_id, s.key, s.skill, s.skill_version, s.effect, s.status, s.attempt,
           h.epoch, s.input_hash, s.output, s.failure, s.waiting_for, s.wake_at,
           s.approval_id, s.skip_reason, s.started_at, s.finished_at
      from unnest($17::uuid[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[],
                  $23::int[], $24::text[], $25::jsonb[], $26::jsonb[], $27::text[], $28::timestamptz[],
                  $29::uuid[], $30::text[], $31::timestamptz[], $32::timestamptz[])
             as s(run_id, key, skill, skill_version, effect, status, attempt, input_hash, output,
                  failure, waiting_for, wake_at, approval_id, skip_reason, started_at, finished_at)
      join held h on h.id = s.run_id
        on conflict (run_id, key) do update
       set status = excluded.status, attempt = excluded.attempt, epoch = excluded.epoch,
           input_hash = excluded.input_hash, output = excluded.output, failure = excluded.failure,
           waiting_for = excluded.waiting_for, wake_at = excluded.wake_at,
           approval_id = excluded.approval_id, skip_reason = excluded.skip_reason,
           started_at = excluded.started_at, finished_at = excluded.finished_at,
           effect = excluded.effect, skill_version = excluded.skill_version
     where kept.status in ('started', 'waiting')),
  plans as (
    insert into aos.plans (tenant_id, run_id, version, planner, plan, hash)
    select h.tenant_id, p.run_id, p.version, p.planner, p.plan, p.hash
      from jsonb_to_recordset($34::jsonb) as p(run_id uuid, version int, planner text, plan jsonb, hash text)
      join held h on h.id = p.run_id
        on conflict do nothing),
  approvals as (
    insert into aos.approvals (tenant_id, id, run_id, step_key, kind, reason, skill, input, input_hash)
    select h.tenant_id, a.id, a.run_id, a.step_key, a.kind, a.reason, a.skill, a.input, a.input_hash
      from jsonb_to_recordset($35::jsonb) as a(
             id uuid, run_id uuid, step_key text, kind text, reason text, skill text, input jsonb, input_hash text)
      join held h on h.id = a.run_id
        on conflict do nothing),
  counted as (
    insert into aos.tallies as kept (worker_id, lane, metric, label_a, label_b, value)
    select $8, $33::smallint, t.metric, t.label_a, t.label_b, count(*)
      from unnest($9::uuid[], $10::int[], $14::text[], $15::text[], $16::text[])
             as t(run_id, seq, metric, label_a, label_b)
      join written w on w.run_id = t.run_id and w.seq = t.seq
     where t.metric is not null
     group by t.metric, t.label_a, t.label_b
        on conflict (worker_id, lane, metric, label_a, label_b) do update
       set value = kept.value + excluded.value),
  ended as (
    update aos.runs r
       set status = case when h.status = 'waiting' and r.cancel_requested_at is not null then 'queued' else h.status end,
           outcome = h.outcome,
           failure_code = h.failure_code,
           waiting_for = case when h.status = 'waiting' and r.cancel_requested_at is null then h.waiting_for end,
           wake_at = case when h.status = 'waiting' and r.cancel_requested_at is null then h.wake_at end,
           finished_at = case when h.status = 'finished' then clock_timestamp() end,
           worker_id = null
      from held h
     where r.id = h.id
       and r.epoch = h.epoch
       and h.status is not null
 returning r.id, r.cancel_requested_at is not null as cancel_requested)
  select h.id, h.priority, coalesce(e.cancel_requested, h.cancel_requested) as cancel_requested
    from held h
    left join ended e on e.id = h.id`;
