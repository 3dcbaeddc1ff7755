import { dependenciesOf, planKeyOf, type Plan, type StepRecord } from '@aos/core';

/**
 * What a retry need not do again: completed steps that do not depend, over however many others, on a
 * step that failed or on one of `again`, which run from their start. Finished items of a failed `forEach`
 * step are kept, too.
 */
export function keptSteps(
  plan: Plan,
  records: readonly StepRecord[],
  again: ReadonlySet<string> = new Set(),
): StepRecord[] {
  const failed = records
    .filter(({ status }) => status === 'failed')
    .map(({ key }) => planKeyOf(key));
  const roots = new Set([...failed, ...again]);
  const behind = behindOf(plan, roots);
  const inPlan = new Set(plan.steps.map(({ key }) => key));
  return records.filter((record) => {
    const key = planKeyOf(record.key);
    if (record.status !== 'completed' || !inPlan.has(key)) return false;
    if (behind.has(key) || again.has(key)) return false;
    // The step itself is a root: what its items did still stands.
    return record.key !== key || !roots.has(key);
  });
}

/** Everything that needs one of the roots, the roots themselves only where they need each other. */
function behindOf(plan: Plan, roots: ReadonlySet<string>): ReadonlySet<string> {
  const needs = new Map(plan.steps.map((step) => [step.key, dependenciesOf(step).all]));
  const behind = new Set<string>();
  // Every pass adds a step or is the last one, so there are at most as many passes as steps.
  for (let grown = true; grown;) {
    grown = false;
    for (const [key, others] of needs) {
      if (behind.has(key)) continue;
      if ([...others].some((other) => roots.has(other) || behind.has(other))) {
        behind.add(key);
        grown = true;
      }
    }
  }
  return behind;
}
