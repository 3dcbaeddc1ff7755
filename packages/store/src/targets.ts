import {
  admits,
  CLEAR,
  hear as heardBy,
  mayProbe,
  parkByHand,
  probe,
  release as releaseCircuit,
  type Circuit,
  type Heard,
} from '@aos/core';

import type { Database, Db } from './db.ts';
import { WORKER_CHANNEL } from './queue.ts';
import { TARGET_COLUMNS, targetValues, toCircuit, type TargetRow } from './target-row.ts';

/** What steps of a tenant reach: a host, a model, a database. */
export interface TargetId {
  readonly tenant: string;
  readonly target: string;
}

/** A change and what was before: whoever makes it tells of it. */
export interface Changed {
  readonly before: Circuit;
  readonly circuit: Circuit;
}

/** What is out, of all tenants: what workers keep in mind. */
export async function listOut(db: Db): Promise<(TargetId & { readonly circuit: Circuit })[]> {
  const rows = await db.query<TargetRow>(
    `select ${TARGET_COLUMNS} from aos.targets where state <> 'clear'`,
  );
  return rows.map((row) => ({
    tenant: row.tenant_id,
    target: row.target,
    circuit: toCircuit(row),
  }));
}

/** Calls of this worker have ended. */
export function hear(database: Database, id: TargetId, heard: Heard): Promise<Changed> {
  return changing(database, id, (circuit, now) => heardBy(circuit, heard, now));
}

/**
 * Whether a step may call what is not clear. Of all that ask, over all workers, one gets `probe`, and the
 * others wait for how it ends.
 */
export async function admit(
  database: Database,
  id: TargetId,
  how: { readonly timeoutMs: number; readonly released?: Date },
): Promise<{ readonly may: 'call' | 'probe' | 'wait'; readonly circuit: Circuit }> {
  let may: 'call' | 'probe' | 'wait' = 'wait';
  const { circuit } = await changing(database, id, (known, now) => {
    may = how.released ? admits(known, how.released) : 'wait';
    if (known.state.kind === 'clear') may = 'call';
    if (may === 'wait' && mayProbe(known, now)) may = 'probe';
    return may === 'probe' ? probe(known, how.timeoutMs, now) : known;
  });
  return { may, circuit };
}

/** By hand: nobody calls it until it is released, or until the time given. In the caller's transaction. */
export async function park(
  tx: Db,
  id: TargetId,
  order: { readonly by: string; readonly reason: string; readonly until?: Date },
): Promise<Circuit> {
  const { circuit } = await change(tx, id, (known, now) => parkByHand(known, order, now));
  return circuit;
}

/** By hand: who waits goes on, on the ramp. Undefined when it was not out. */
export async function release(tx: Db, id: TargetId): Promise<Circuit | undefined> {
  const { before, circuit } = await change(tx, id, (known, now) =>
    known.state.kind === 'clear' ? known : releaseCircuit(known, now),
  );
  return before.state.kind === 'clear' ? undefined : circuit;
}

/** Rows of what works again stay for a while, since they hold what was heard lately. */
export async function prune(db: Db): Promise<void> {
  await db.query(
    `delete from aos.targets where state = 'clear' and changed_at < now() - interval '10 minutes'`,
  );
}

export type Decide = (circuit: Circuit, now: Date) => Circuit | Promise<Circuit>;

function changing(database: Database, id: TargetId, decide: Decide): Promise<Changed> {
  return database.transaction((tx) => change(tx, id, decide));
}

async function change(tx: Db, id: TargetId, decide: Decide): Promise<Changed> {
  await tx.query(
    `insert into aos.targets (tenant_id, target, state) values ($1, $2, 'clear')
         on conflict do nothing`,
    [id.tenant, id.target],
  );
  const row = await locked(tx, id, '');
  return decided(tx, id, row ? toCircuit(row) : CLEAR, decide);
}

/** The row of a target in this transaction's hands; nothing when there is none, or somebody else has it. */
export async function locked(
  tx: Db,
  { tenant, target }: TargetId,
  how: '' | 'skip locked',
): Promise<TargetRow | undefined> {
  const rows = await tx.query<TargetRow>(
    `select ${TARGET_COLUMNS} from aos.targets
      where tenant_id = $1 and target = $2
        for update ${how}`,
    [tenant, target],
  );
  return rows[0];
}

/** Decides by the clock of the database, which all workers share; in milliseconds, as `Date` has them. */
export async function decided(
  tx: Db,
  { tenant, target }: TargetId,
  before: Circuit,
  decide: Decide,
): Promise<Changed> {
  const [clock] = await tx.query<{ now: Date }>(
    `select date_trunc('milliseconds', clock_timestamp()) as now`,
  );
  const circuit = await decide(before, clock?.now ?? new Date());
  if (circuit === before) return { before, circuit };
  await tx.query(
    `update aos.targets
        set state = $3, since = $4, until = $5, begun = $6, released = $7, out_since = $8,
            failure = $9, parked_by = $10, trips = $11, failed = $12, heard = $13, changed_at = now()
      where tenant_id = $1 and target = $2`,
    [tenant, target, ...targetValues(circuit)],
  );
  if (circuit.state.kind !== before.state.kind) {
    await tx.query(`select pg_notify('${WORKER_CHANNEL}', 'targets')`);
  }
  return { before, circuit };
}
