import type { Goal } from '@aos/core';

/** A row of aos.goals; it never changes. */
export interface GoalRow {
  readonly goal: string;
  readonly input: Goal['input'];
  readonly given_plan: Goal['plan'] | null;
  readonly limits: Goal['limits'];
  readonly tags: readonly string[];
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
