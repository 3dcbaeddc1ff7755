import type { Planner } from './logic.ts';
import { buildPlan } from './rules/build-plan.ts';
import { readGoal } from './rules/read-goal.ts';
import type { Scheme } from './rules/source.ts';

/**
 * Plans goals in plain English without a model: a small compiler from words over clauses and intents
 * to a plan. It plans a goal wholly or refuses it; it never skips a word that could matter.
 */
export function createRulesPlanner({
  defaultScheme = 'https',
}: { defaultScheme?: Scheme } = {}): Planner {
  return {
    name: 'rules',
    plan({ goal, agent, catalog }) {
      return new Promise((resolve) => {
        const wanted = readGoal({ ...goal, scheme: defaultScheme, catalog });
        const { plan, notes } = buildPlan(wanted, catalog, agent.instructions);
        resolve({ plan, ...(notes.length > 0 && { notes }) });
      });
    },
  };
}
