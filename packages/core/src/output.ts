import { lastSteps } from './dependencies.ts';
import { AosError } from './failures.ts';
import type { Json } from './json.ts';
import type { Plan } from './plan.ts';
import { resolve } from './reference.ts';
import { outputOf, type StepRecord } from './step.ts';

/**
 * What a run returned: the plan's `output` over what its steps stored, or the outputs of its last steps
 * by key. Derived, never stored. Undefined when the plan's output reads what a step did not return.
 */
export function finalOutput(facts: {
  readonly goal: { readonly input: Json };
  readonly plan?: { readonly plan: Plan };
  readonly steps: readonly StepRecord[];
}): Json | undefined {
  const plan = facts.plan?.plan;
  if (!plan) return undefined;
  const records = new Map(facts.steps.map((step) => [step.key, step]));
  if (plan.output === undefined) {
    const last = lastSteps(plan.steps).flatMap(({ key }) => {
      const output = outputOf(records.get(key));
      return output === undefined ? [] : ([[key, output]] as const);
    });
    return Object.fromEntries(last);
  }
  const scope = new Map<string, Json>([['input', facts.goal.input]]);
  for (const { key } of plan.steps) {
    const output = outputOf(records.get(key));
    if (output !== undefined) scope.set(key, output);
  }
  try {
    return resolve(plan.output, scope);
  } catch (error) {
    if (error instanceof AosError) return undefined;
    throw error;
  }
}
