import { AosError, isTemplateCall } from '@aos/core';

import type { Planner } from './logic.ts';

/** Hands back the plan that the caller wrote; the inspector says whether it may run. */
export const staticPlanner: Planner = {
  name: 'static',
  plan({ goal }) {
    const { plan } = goal;
    return plan && !isTemplateCall(plan)
      ? Promise.resolve({ plan })
      : Promise.reject(new AosError('goal_not_plannable', 'The run carries no plan of its own.'));
  },
};
