import { AosError, failures, uuidOf, type Goal } from '@aos/core';

import type { Db } from './db.ts';

/** A row of aos.goals; it never changes. */
export interface GoalRow {
  readonly goal: string;
  readonly input: Goal['input'];
  readonly given_plan: Goal['plan'] | null;
  readonly limits: Goal['limits'];
  readonly tags: readonly string[];
}

/** What the run was asked to do. */
export async function get(db: Db, runId: string): Promise<Goal> {
  const rows = await db.query<GoalRow>(
    `select goal, input, plan as given_plan, limits, tags
       from aos.goals
      where run_id = $1`,
    [uuidOf('run', runId)],
  );
  if (!rows[0]) throw new AosError('run_not_found', failures.run_not_found.meaning);
  return toGoal(rows[0]);
}

export function toGoal(row: GoalRow): Goal {
  return {
    goal: row.goal,
    input: row.input,
    limits: row.limits,
    tags: row.tags,
    ...(row.given_plan && { plan: row.given_plan }),
  };
}
