import { AosError, desiredWorkers } from '@aos/core';
import { scaleQuerySchema, scaleSchema, type ScaleQuery, type ScaleResource } from '@aos/sdk';

import { route } from '../route.ts';
import { SCALE_LIMITS } from '../scale-signal.ts';

export const scaleRoutes = [
  route<ScaleQuery>({
    method: 'get',
    path: '/admin/scale',
    access: 'admin',
    summary: 'Ask how many workers the load calls for',
    description:
      'For autoscalers: by queue age, depth, runs under way and the rate at which they finish, of the whole installation. It remembers nothing of what was answered before.',
    query: scaleQuerySchema,
    answers: { 200: { description: 'The number, and why.', schema: scaleSchema } },
    handle: async ({ query }, { scale }) => {
      const limits = { ...SCALE_LIMITS, ...query };
      if (limits.min > limits.max) {
        throw new AosError('invalid_request', 'min is larger than max.', {
          problems: [{ pointer: '#/min', detail: `must be at most max, ${limits.max}` }],
        });
      }
      const { facts, at } = await scale();
      const { workers, reasons } = desiredWorkers(facts, limits);
      const json: ScaleResource = {
        desired: workers,
        reasons: reasons.map((reason) => ({ ...reason })),
        inputs: { ...facts, drainPerS: facts.drainPerS ?? null },
        ...limits,
        at: at.toISOString(),
      };
      return { status: 200, json };
    },
  }),
];
