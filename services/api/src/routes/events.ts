import type { JsonSchema } from '@aos/core';
import { eventListSchema } from '@aos/sdk';
import { events, runs } from '@aos/store';

import { eventResource } from '../event-resource.ts';
import { streamRun } from '../event-stream.ts';
import { lastEventId } from '../request-headers.ts';
import { route } from '../route.ts';
import { runIdParam } from './runs.ts';

const page = {
  type: 'object',
  additionalProperties: false,
  properties: {
    after: {
      type: 'integer',
      minimum: -1,
      maximum: 999_999_999,
      description: 'The last event already seen; -1, or nothing, for all.',
    },
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
  },
} as const satisfies JsonSchema;

const LIMIT = 200;

export const eventRoutes = [
  route<{ readonly after?: number; readonly limit?: number }>({
    method: 'get',
    path: '/v1/runs/:id/events',
    access: 'runs:read',
    summary: 'Read or follow the events of a run',
    description:
      'With Accept: text/event-stream the events are sent as they happen, `id` being their `seq`. A stream goes on behind Last-Event-ID, and closes with an event named end after the last one of a finished run.',
    params: runIdParam,
    query: page,
    requestHeaders: {
      'Last-Event-ID': { type: 'string', description: 'With a stream: the last event seen.' },
    },
    answers: {
      200: {
        description: 'Events in their order, or the stream of them.',
        schema: eventListSchema,
        mediaTypes: ['text/event-stream'],
      },
    },
    fails: ['run_not_found'],
    handle: async (call, services) => {
      const { params, query, caller, request } = call;
      const id = params['id'] ?? '';
      if (request.accepts(['application/json', 'text/event-stream']) === 'text/event-stream') {
        return streamRun(call, services, id, lastEventId(request) ?? query.after ?? -1);
      }
      const { after = -1, limit = LIMIT } = query;
      const { view, found } = await services.database.actingFor([caller.tenant], async (tx) => ({
        // The state first: once it says finished, all events are there.
        view: await runs.get(tx, id),
        found: await events.list(tx, id, after, limit),
      }));
      const over = view.run.state.status === 'finished' && found.length < limit;
      return {
        status: 200,
        json: {
          items: found.map(eventResource),
          nextAfter: over ? null : (found.at(-1)?.seq ?? after),
        },
      };
    },
  }),
];
