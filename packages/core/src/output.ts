import { lastSteps } from './dependencies.ts';
import type { Json } from './json.ts';
import type { Plan } from './plan.ts';
import { resolveWhatIsThere } from './reference.ts';
import { outputOf, type StepRecord } from './step.ts';

/**
 * What a run returned: the plan's `output` over what its steps stored, or the outputs of its last steps
 * by key. Derived, never stored. What a step did not return is null in it. Undefined without a plan.
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
  return resolveWhatIsThere(plan.output, scope);
}
