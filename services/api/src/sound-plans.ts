import {
  inspectPlan,
  planHash,
  type Agent,
  type Catalog,
  type Plan,
  type Problem,
} from '@aos/core';

/** Under these circumstances a plan is looked at. */
interface Circumstances {
  readonly catalog: Catalog;
  readonly agent: Agent;
  /** Steps the caller allows, at most. */
  readonly stepsMax?: number;
}

const KEPT_MAX = 1_000;
const sound = new WeakMap<Catalog, Set<string>>();

/**
 * As `inspectPlan`. Callers send the same plan with other input again and again: one that was found sound
 * is not inspected anew as long as the catalog, the version of the agent and the limit are the same.
 */
export function problemsOfPlan(plan: Plan, circumstances: Circumstances): readonly Problem[] {
  const { catalog, agent, stepsMax } = circumstances;
  const kept = sound.get(catalog) ?? new Set();
  sound.set(catalog, kept);
  const { tenant, version, definition } = agent;
  const key = [planHash(plan), tenant, definition.name, version, stepsMax].join(' ');
  if (kept.has(key)) return [];
  const limit = stepsMax === undefined ? {} : { stepsMax };
  const problems = inspectPlan(plan, { catalog, agent: definition, ...limit });
  if (problems.length === 0) {
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.add(key);
  }
  return problems;
}
