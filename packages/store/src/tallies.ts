import type { Outcome, PlannerName } from '@aos/core';

import type { Db } from './db.ts';

/** Sums of the counters that workers raise in the transactions that make the facts true. */
export interface Tallies {
  readonly runs: readonly {
    readonly outcome: Outcome;
    readonly planner: PlannerName;
    readonly count: number;
  }[];
  readonly skillAttempts: readonly { readonly skill: string; readonly count: number }[];
}

export async function sum(db: Db): Promise<Tallies> {
  const rows = await db.query<{ metric: string; label_a: string; label_b: string; count: string }>(
    `select metric, label_a, label_b, sum(value) as count
       from aos.tallies
      where metric in ('runs', 'skill_attempts')
      group by metric, label_a, label_b
      order by metric, label_a, label_b`,
  );
  const of = (metric: string) => rows.filter((row) => row.metric === metric);
  return {
    runs: of('runs').map((row) => ({
      outcome: row.label_a as Outcome,
      planner: row.label_b as PlannerName,
      count: Number(row.count),
    })),
    skillAttempts: of('skill_attempts').map((row) => ({
      skill: row.label_a,
      count: Number(row.count),
    })),
  };
}
