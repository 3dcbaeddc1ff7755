import { isDeepStrictEqual } from 'node:util';

import { isObject, namesIn, referencesIn, type Json, type Plan, type PlanStep } from '@aos/core';

/** What the steps of a run are made of. */
export interface Material {
  readonly plan: Plan;
  readonly input: Json;
}

/**
 * Steps of the new plan that are not what they were: their own definition differs, or a value of the
 * input that they read. Steps behind them are not named; they follow.
 */
export function changedSteps(before: Material, after: Material): ReadonlySet<string> {
  const old = new Map(before.plan.steps.map((step) => [step.key, step]));
  const changed = after.plan.steps.filter(
    (step) =>
      !isDeepStrictEqual(old.get(step.key), step) || readsChange(step, before.input, after.input),
  );
  return new Set(changed.map(({ key }) => key));
}

function readsChange(step: PlanStep, before: Json, after: Json): boolean {
  if (isDeepStrictEqual(before, after)) return false;
  // A condition may look anywhere.
  if (step.when !== undefined && namesIn(step.when).has('input')) return true;
  return referencesIn([step.input, step.forEach?.in ?? null])
    .filter(({ root }) => root === 'input')
    .some(({ path }) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)));
}

function valueAt(document: Json, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = document;
  for (const part of path) {
    if (typeof part === 'number') value = Array.isArray(value) ? (value[part] as Json) : undefined;
    else value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}
