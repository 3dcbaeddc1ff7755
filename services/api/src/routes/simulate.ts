import { simulateSchema, simulationSchema, type SimulateRequest } from '@aos/sdk';

import { route } from '../route.ts';
import { simulate } from '../simulate.ts';

export const simulateRoutes = [
  route<unknown, SimulateRequest>({
    method: 'post',
    path: '/v1/simulate',
    access: 'runs:write',
    summary: 'See what a goal or a plan would do',
    description:
      'Steps, permissions, side effects, approvals and cost. Nothing is executed or stored.',
    body: simulateSchema,
    answers: { 200: { description: 'What would happen.', schema: simulationSchema } },
    fails: ['goal_not_plannable', 'template_not_found', 'model_not_configured'],
    handle: async ({ body, caller, signal }, services) => ({
      status: 200,
      json: await simulate(services, caller, body, signal),
    }),
  }),
];
