import {
  failures,
  fingerprintOf,
  idOf,
  isFailureCode,
  type Failure,
  type FailureCode,
} from '@aos/core';

import type { Database, Db } from './db.ts';
import type { DeadJob, Queue } from './queue.ts';

interface FailedRun {
  readonly id: string;
  readonly failure_code: FailureCode | null;
  readonly failure: Failure | null;
  readonly step_key: string | null;
  readonly skill: string | null;
  readonly skill_version: string | null;
}

/**
 * Writes the letters of runs that ended failed, whoever ended them, and the jobs that show them in the
 * dead letter queue of pg-boss. In the transaction that ended the runs; a run that has a letter keeps it,
 * and one that did not fail gets none.
 */
export async function bury(tx: Db, queue: Queue, uuids: readonly string[]): Promise<void> {
  if (uuids.length === 0) return;
  const runs = await tx.query<FailedRun>(FAILED, [uuids]);
  if (runs.length === 0) return;
  const letters = runs.map(toLetter);
  const rows = await tx.query<{ run_id: string }>(BURY, [JSON.stringify(letters)]);
  const buried = new Set(rows.map(({ run_id }) => run_id));
  await queue.bury(tx, letters.filter(({ run_id }) => buried.has(run_id)).map(toDeadJob));
}

/** A code that only a newer version knows is kept as it is: ending a run must not fail for it. */
function toLetter({ id, failure_code, failure, step_key, skill, skill_version }: FailedRun) {
  const code = failure?.code ?? failure_code ?? 'internal';
  const kind = isFailureCode(code) ? failures[code] : failures.internal;
  const detail = failure?.detail ?? '';
  const step =
    step_key !== null && skill !== null
      ? { key: step_key, skill, version: skill_version ?? '' }
      : undefined;
  return {
    run_id: id,
    code,
    category: kind.category,
    failure: failure ?? { code, detail: kind.meaning },
    step_key,
    ...fingerprintOf({ code, detail, ...(step && { step }) }),
  };
}

function toDeadJob(letter: ReturnType<typeof toLetter>): DeadJob {
  const { run_id, code, fingerprint } = letter;
  return { uuid: run_id, data: { runId: idOf('run', run_id), code, fingerprint } };
}

/** The step that gave the run its failure; none when it failed as a whole. */
const FAILED = `
  select r.id, r.failure_code, f.failure, s.key as step_key, s.skill, s.skill_version
    from aos.runs r
    left join lateral (
         select e.data -> 'failure' as failure
           from aos.events e
          where e.run_id = r.id and e.type = 'run.finished'
          order by e.seq desc
          limit 1) as f on true
    left join lateral (
         select x.key, x.skill, x.skill_version
           from aos.steps x
          where x.run_id = r.id
            and x.status = 'failed'
            and x.failure ->> 'code' = f.failure ->> 'code'
            and x.failure ->> 'detail' = f.failure ->> 'detail'
          order by x.finished_at, x.key
          limit 1) as s on true
   where r.id = any ($1::uuid[])
     and r.outcome = 'failed'
   order by r.id`;

const BURY = `
  insert into aos.dead_letters
         (tenant_id, run_id, root_run_id, redrives, epoch, agent, agent_version, code, category, failure,
          step_key, skill, skill_version, attempts, input_hash, plan_version, plan_hash, skill_versions,
          cost_usd, fingerprint, message)
  select r.tenant_id, r.id, coalesce(o.root_run_id, r.id), coalesce(o.redrives + 1, 0), r.epoch, r.agent,
         r.agent_version, l.code, l.category, l.failure, l.step_key, s.skill, s.skill_version,
         coalesce(s.attempt, 0), s.input_hash, p.version, p.hash,
         (select coalesce(jsonb_object_agg(x.skill, x.skill_version), '{}')
            from aos.steps x where x.run_id = r.id),
         (select coalesce(sum((e.data -> 'usage' ->> 'costUsd')::numeric), 0)
            from aos.events e where e.run_id = r.id and e.data ? 'usage'),
         l.fingerprint, l.message
    from jsonb_to_recordset($1::jsonb) as l(
           run_id uuid, code text, category text, failure jsonb, step_key text, fingerprint text, message text)
    join aos.runs r on r.id = l.run_id
    left join aos.dead_letters o on o.run_id = r.origin_run_id
    left join aos.steps s on s.run_id = r.id and s.key = l.step_key
    left join lateral (
         select p.version, p.hash from aos.plans p
          where p.run_id = r.id order by p.version desc limit 1) as p on true
   order by r.id
      on conflict (run_id) do nothing
  returning run_id`;

export interface TruedUp {
  /** Failed runs that had no letter: an older version ended them. */
  readonly letters: number;
  /** Open letters that pg-boss did not show, and jobs of letters that are settled. */
  readonly jobs: number;
}

/** In one commit; whoever gets as many asks again. */
export const TRUE_UP_MAX = 500;

/**
 * The level-triggered backstop: every failed run has a letter, and the dead letter queue of pg-boss holds
 * the open ones and nothing else, whoever took jobs out of it by hand.
 */
export async function trueUp(database: Database, queue: Queue): Promise<TruedUp> {
  return database.transaction(async (tx) => {
    const forgotten = await tx.query<{ id: string }>(FORGOTTEN, [TRUE_UP_MAX]);
    await bury(
      tx,
      queue,
      forgotten.map(({ id }) => id),
    );
    const hidden = await tx.query<LetterRow>(HIDDEN, [TRUE_UP_MAX]);
    await queue.bury(
      tx,
      hidden.map(({ run_id, code, fingerprint }) => ({
        uuid: run_id,
        data: { runId: idOf('run', run_id), code, fingerprint },
      })),
    );
    const settled = await queue.strayDead(tx, TRUE_UP_MAX);
    await queue.unbury(tx, settled);
    return { letters: forgotten.length, jobs: hidden.length + settled.length };
  });
}

interface LetterRow {
  readonly run_id: string;
  readonly code: FailureCode;
  readonly fingerprint: string;
}

const FORGOTTEN = `
  select r.id
    from aos.runs r
   where r.outcome = 'failed'
     and not exists (select from aos.dead_letters d where d.run_id = r.id)
   order by r.id
   limit $1`;

/** A letter that somebody settles at this moment is put right by the next look. */
const HIDDEN = `
  select d.run_id, d.code, d.fingerprint
    from aos.dead_letters d
   where d.redriven_as is null
     and d.discarded_at is null
     and not exists (select from pgboss.job j where j.name = 'runs_dead' and j.id = d.run_id)
   order by d.run_id
   limit $1`;
