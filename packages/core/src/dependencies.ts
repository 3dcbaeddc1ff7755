import { namesIn } from './condition.ts';
import type { PlanStep } from './plan.ts';
import { referencesIn } from './reference.ts';

/** Names that references use for something other than a step. */
const NOT_STEPS: ReadonlySet<string> = new Set(['input', 'item', 'index']);

/** What must have ended before a step may start. */
export interface Dependencies {
  /** Steps whose output it reads: without that output it is skipped. */
  readonly data: ReadonlySet<string>;
  /** All of them, `after` included. */
  readonly all: ReadonlySet<string>;
}

export function dependenciesOf(step: PlanStep): Dependencies {
  const data = new Set<string>();
  const add = (name: string) => {
    if (!NOT_STEPS.has(name)) data.add(name);
  };
  for (const { root } of referencesIn(step.input)) add(root);
  if (step.forEach) for (const { root } of referencesIn(step.forEach.in)) add(root);
  if (step.when) for (const name of namesIn(step.when)) add(name);
  return { data, all: new Set([...data, ...(step.after ?? [])]) };
}

/** The steps nothing depends on: their outputs are the output of a plan that names none. */
export function lastSteps(steps: readonly PlanStep[]): PlanStep[] {
  const needed = new Set(steps.flatMap((step) => [...dependenciesOf(step).all]));
  return steps.filter((step) => !needed.has(step.key));
}

/** The keys of one cycle, in order; undefined when there is none. */
export function cycleIn(steps: readonly PlanStep[]): readonly string[] | undefined {
  const edges = new Map(steps.map((step) => [step.key, [...dependenciesOf(step).all]]));
  const state = new Map<string, 'open' | 'closed'>();
  const trail: string[] = [];
  // Depth is bounded by the number of steps, 200.
  const visit = (key: string): readonly string[] | undefined => {
    if (state.get(key) === 'closed' || !edges.has(key)) return undefined;
    if (state.get(key) === 'open') return [...trail.slice(trail.indexOf(key)), key];
    state.set(key, 'open');
    trail.push(key);
    for (const next of edges.get(key) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    trail.pop();
    state.set(key, 'closed');
    return undefined;
  };
  for (const { key } of steps) {
    const cycle = visit(key);
    if (cycle) return cycle;
  }
  return undefined;
}
