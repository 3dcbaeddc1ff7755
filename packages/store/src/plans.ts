import { uuidOf, type Plan, type PlannerName } from '@aos/core';

import type { Db } from './db.ts';

/** One version of a run's plan, as it was stored; it never changes. */
export interface StoredPlan {
  readonly version: number;
  readonly planner: PlannerName;
  readonly plan: Plan;
  readonly hash: string;
  readonly createdAt: Date;
}

/** The newest version, or the one named; undefined when there is none. */
export async function find(
  db: Db,
  runId: string,
  version?: number,
): Promise<StoredPlan | undefined> {
  const rows = await db.query<Omit<StoredPlan, 'createdAt'> & { created_at: Date }>(
    `select version, planner, plan, hash, created_at
       from aos.plans
      where run_id = $1 and ($2::int is null or version = $2)
      order by version desc
      limit 1`,
    [uuidOf('run', runId), version ?? null],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { created_at, ...plan } = row;
  return { ...plan, createdAt: created_at };
}
