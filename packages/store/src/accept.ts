import { AosError } from '@aos/core';

import { acceptanceColumns, firstEventColumns, runUuid, type Acceptance } from './acceptance.ts';
import { isConflict, isUnavailable, sqlState, violated, type Database, type Db } from './db.ts';
import { createGroup } from './group.ts';
import { plainPlaceOf, type PlaceOf } from './fair-share.ts';
import type { Queue } from './queue.ts';
import { settleLetters } from './settle-letters.ts';

export interface Accepted {
  readonly runId: string;
  /** When this request made it; undefined when an earlier one with the same key did. */
  readonly createdAt?: Date;
}

export interface Acceptor {
  /**
   * Stores run, goal, plan, first events and job in one transaction, shared with other requests that
   * arrive at the same time. Resolves after the commit. Throws `idempotency_mismatch`,
   * `idempotency_in_flight`, `run_not_found` (parent or origin) and `database_unavailable`.
   */
  accept(acceptance: Acceptance): Promise<Accepted>;
  close(): Promise<void>;
}

const LANES = 2;
const BATCH_MAX = 256;
const CONFLICT_RETRIES = 5;

export function createAcceptor(
  database: Database,
  queue: Queue,
  onBatch: (size: number) => void = () => {},
  placeOf: PlaceOf = plainPlaceOf,
): Acceptor {
  let turn = 0;
  const group = createGroup<Acceptance, Accepted | AosError>({
    lanes: LANES,
    batchMax: BATCH_MAX,
    // The same key always takes the same lane: two lanes would wait for each other's commit.
    laneOf: ({ idempotency }) =>
      idempotency ? (idempotency.key.codePointAt(idempotency.key.length - 1) ?? 0) : turn++,
    flush: (batch) => {
      onBatch(batch.length);
      return acceptAll(database, queue, batch, placeOf);
    },
  });
  return {
    async accept(acceptance) {
      const given = await group.add(acceptance);
      if (given instanceof AosError) throw given;
      return given;
    },
    close: () => group.drained(),
  };
}

type Answer = Accepted | AosError;

/** One commit for all; when it fails for a reason that lies in the data, one commit for each. */
async function acceptAll(
  database: Database,
  queue: Queue,
  batch: readonly Acceptance[],
  placeOf: PlaceOf,
): Promise<Answer[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit(database, queue, batch, placeOf);
    } catch (error) {
      if (isConflict(error) && attempt < CONFLICT_RETRIES) continue;
      if (batch.length === 1 || isUnavailable(error)) {
        return batch.map((acceptance) => explained(error, acceptance));
      }
      const answers: Answer[] = [];
      for (const one of batch) answers.push(...(await acceptAll(database, queue, [one], placeOf)));
      return answers;
    }
  }
}

async function commit(
  database: Database,
  queue: Queue,
  batch: readonly Acceptance[],
  placeOf: PlaceOf,
): Promise<Answer[]> {
  const firsts = withoutRepeatedKeys(batch);
  const tenants = batch.map(({ tenant }) => tenant);
  return database.actingFor(tenants, async (tx) => {
    const created = await acceptIn(tx, queue, firsts, placeOf);
    const known = await earlier(tx, batch, created);
    return batch.map((acceptance) => answer(acceptance, created, known));
  });
}

/**
 * The same in the transaction of a caller who acts for the tenants already. Returns when each run that
 * was stored was created; of the others an earlier request with the same key made one.
 */
export async function acceptIn(
  tx: Db,
  queue: Queue,
  batch: readonly Acceptance[],
  placeOf: PlaceOf,
): Promise<ReadonlyMap<string, Date>> {
  const created = await insert(tx, batch);
  const dispatches = batch.filter(({ runId }) => created.has(runId));
  await queue.send(
    tx,
    dispatches.map(({ runId, tenant, priority, startAt }) => ({
      uuid: runUuid(runId),
      priority: placeOf(tenant, priority),
      ...(startAt && { startAfter: startAt }),
    })),
  );
  await settleLetters(tx, queue, dispatches);
  return created;
}

function answer(
  { runId, tenant, idempotency }: Acceptance,
  created: ReadonlyMap<string, Date>,
  known: ReadonlyMap<string, KeyRow>,
): Answer {
  const createdAt = created.get(runId);
  if (createdAt) return { runId, createdAt };
  const row = idempotency && known.get(keyOf(tenant, idempotency.key));
  if (!row) return new AosError('internal', 'The run was not stored.');
  return row.body_hash === idempotency.bodyHash.toString('hex')
    ? { runId: `run_${row.run_id}` }
    : new AosError(
        'idempotency_mismatch',
        `The key ${JSON.stringify(idempotency.key)} was used before with another body; use a new key for a new request.`,
      );
}

function withoutRepeatedKeys(batch: readonly Acceptance[]): Acceptance[] {
  const seen = new Set<string>();
  return batch.filter(({ tenant, idempotency }) => {
    if (!idempotency) return true;
    const key = keyOf(tenant, idempotency.key);
    return !seen.has(key) && seen.add(key);
  });
}

/** When each run that was not there before was created. */
async function insert(tx: Db, batch: readonly Acceptance[]): Promise<ReadonlyMap<string, Date>> {
  const rows = await tx.query<{ id: string; created_at: Date }>(INSERT, [
    ...acceptanceColumns(batch),
    ...firstEventColumns(batch),
  ]);
  return new Map(rows.map(({ id, created_at }) => [`run_${id}`, created_at]));
}

interface KeyRow {
  readonly tenant_id: string;
  readonly key: string;
  readonly body_hash: string;
  readonly run_id: string;
}

async function earlier(
  tx: Db,
  batch: readonly Acceptance[],
  created: ReadonlyMap<string, Date>,
): Promise<ReadonlyMap<string, KeyRow>> {
  const repeated = batch.filter(({ runId, idempotency }) => idempotency && !created.has(runId));
  if (repeated.length === 0) return new Map();
  const rows = await tx.query<KeyRow>(
    `select k.tenant_id, k.key, encode(k.body_hash, 'hex') as body_hash, k.run_id
       from aos.idempotency_keys k
       join unnest($1::text[], $2::text[]) as asked(tenant_id, key) using (tenant_id, key)`,
    [repeated.map(({ tenant }) => tenant), repeated.map(({ idempotency }) => idempotency?.key)],
  );
  return new Map(rows.map((row) => [keyOf(row.tenant_id, row.key), row]));
}

/** Keys are taken in one order by everybody, so that two batches never wait for each other in a ring. */
const INSERT = `
  with asked as materialized (
    select *
      from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::timestamptz[],
                  $8::timestamptz[], $9::bigint[], $10::uuid[], $11::uuid[], $12::text[], $13::text[],
                  $14::jsonb[], $15::jsonb[], $16::jsonb[], $17::jsonb[], $18::jsonb[], $19::text[],
                  $20::jsonb[], $21::text[], $22::bytea[], $23::text[])
             as a(id, tenant_id, agent, agent_version, planner, priority, start_at,
                  expires_at, wall_ms, parent_run_id, origin_run_id, origin_mode, goal,
                  input, given_plan, limits, tags, plan, plan_hash,
                  reuse, key, body_hash, traceparent)),
  keys as (
    insert into aos.idempotency_keys (tenant_id, key, body_hash, run_id)
    select tenant_id, key, body_hash, id
      from asked
     where key is not null
     order by tenant_id, key
        on conflict do nothing
    returning run_id),
  fresh as materialized (
    select * from asked where key is null or id in (select run_id from keys)),
  runs as (
    insert into aos.runs (id, tenant_id, agent, agent_version, planner, priority, start_at,
                          expires_at, wall_ms, parent_run_id, origin_run_id, origin_mode)
    select id, tenant_id, agent, agent_version, planner, priority, start_at,
           expires_at, wall_ms, parent_run_id, origin_run_id, origin_mode
      from fresh
    returning id, created_at),
  goals as (
    insert into aos.goals (tenant_id, run_id, goal, input, plan, limits, tags, traceparent)
    select tenant_id, id, goal, input, given_plan, limits,
           case tags when '[]' then '{}' else array(select jsonb_array_elements_text(tags)) end,
           traceparent
      from fresh),
  plans as (
    insert into aos.plans (tenant_id, run_id, version, planner, plan, hash)
    select tenant_id, id, 1, planner, plan, plan_hash
      from fresh
     where plan is not null),
  steps as (
    insert into aos.steps (tenant_id, run_id, key, skill, skill_version, effect, status, attempt,
                           epoch, input_hash, output, started_at, finished_at)
    select f.tenant_id, f.id, s.key, s.skill, s."skillVersion", s.effect, 'completed', s.attempt,
           0, s."inputHash", coalesce(s.output, 'null'), s."startedAt", s."finishedAt"
      from fresh f,
           jsonb_to_recordset(f.reuse) as s(
             key text, skill text, "skillVersion" text, effect text, attempt int,
             "inputHash" text, output jsonb, "startedAt" timestamptz, "finishedAt" timestamptz)
     where f.reuse is not null),
  events as (
    insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
    select f.tenant_id, f.id, e.seq, 0, e.type, e.data
      from unnest($24::uuid[], $25::int[], $26::text[], $27::jsonb[]) as e(run_id, seq, type, data)
      join fresh f on f.id = e.run_id)
  select id, created_at from runs`;

function explained(error: unknown, { idempotency }: Acceptance): AosError {
  if (error instanceof AosError) return error;
  switch (sqlState(error)) {
    case '23503':
      return missing(violated(error), error);
    case '55P03':
    case '57014':
      if (!idempotency) {
        const detail = 'The database is too busy to store the run.';
        return new AosError('overloaded', detail, { cause: error, retryAfterMs: 1_000 });
      }
      return new AosError(
        'idempotency_in_flight',
        'The first request with this key is still being stored.',
        { cause: error, retryAfterMs: 1_000 },
      );
    default:
      return new AosError('internal', 'The run could not be stored.', { cause: error });
  }
}

/** What a foreign key looked for and did not find. */
function missing(constraint: string, cause: unknown): AosError {
  if (/parent|origin/.test(constraint)) {
    return new AosError('run_not_found', 'The parent run does not exist.', { cause });
  }
  return constraint.includes('agent')
    ? new AosError('agent_not_found', 'The agent has no such version.', { cause })
    : new AosError('internal', 'The run could not be stored.', { cause });
}

function keyOf(tenant: string, key: string): string {
  return `${tenant}\n${key}`;
}
