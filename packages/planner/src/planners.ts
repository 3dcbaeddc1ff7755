import type { PlannerName } from '@aos/core';
import type { Model } from '@aos/llm';

import { createClaudePlanner } from './claude-planner.ts';
import type { Planner } from './logic.ts';
import { createRulesPlanner } from './rules-planner.ts';
import type { Scheme } from './rules/source.ts';
import { staticPlanner } from './static-planner.ts';
import { templatePlanner } from './template-planner.ts';

/** All planners there are by name; `claude` only with a model. */
export function createPlanners(
  options: { readonly model?: Model; readonly defaultScheme?: Scheme } = {},
): ReadonlyMap<PlannerName, Planner> {
  const { model, defaultScheme } = options;
  const planners = [
    staticPlanner,
    templatePlanner,
    createRulesPlanner(defaultScheme ? { defaultScheme } : {}),
    ...(model ? [createClaudePlanner(model)] : []),
  ];
  return new Map(planners.map((planner) => [planner.name, planner]));
}
