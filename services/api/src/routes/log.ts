import { runEventTypes, type JsonSchema } from '@aos/core';
import { logEventListSchema, logStateSchema } from '@aos/sdk';
import { log, retention, tenants } from '@aos/store';

import { placeCursor, readPlace } from '../log-cursor.ts';
import { logEventResource } from '../log-resource.ts';
import { poll } from '../poll.ts';
import { route } from '../route.ts';

const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    after: {
      type: 'string',
      maxLength: 500,
      description: 'start, end, or the cursor of the last event seen; start when it is left out.',
    },
    type: { type: 'string', enum: runEventTypes, description: 'Only events of this type.' },
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
    wait: {
      type: 'integer',
      minimum: 0,
      maximum: 30,
      description: 'Seconds to wait for an event when there is none.',
    },
  },
} as const satisfies JsonSchema;

interface Query {
  readonly after?: string;
  readonly type?: string;
  readonly limit?: number;
  readonly wait?: number;
}

const LIMIT = 200;

export const logRoutes = [
  route<Query>({
    method: 'get',
    path: '/v1/events',
    access: 'events:read',
    summary: 'Read the log of all runs',
    description:
      'Events of all runs in one order that never changes: what is committed later comes later. An event appears once every transaction that began before its own is over.',
    query,
    answers: { 200: { description: 'Events behind the cursor.', schema: logEventListSchema } },
    handle: async ({ query: asked, caller, signal }, { database, stopping }) => {
      const { after = 'start', type, limit = LIMIT, wait = 0 } = asked;
      let place = after === 'end' ? await log.logEnd(database) : placeOf(after);
      const page = await poll(
        () =>
          tenants.acting(database, caller.tenant, (tx) =>
            log.readLog(tx, {
              tenant: caller.tenant,
              after: place,
              limit,
              ...(type !== undefined && { types: [type] }),
            }),
          ),
        (found) => {
          place = found.place;
          return found.events.length > 0;
        },
        { waitMs: wait * 1_000, signal: AbortSignal.any([signal, stopping]) },
      );
      return {
        status: 200,
        json: {
          items: page.events.map((event) =>
            logEventResource(event, placeCursor(page.incarnation, event.place)),
          ),
          nextAfter: placeCursor(page.incarnation, page.place),
          caughtUp: page.caughtUp,
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/admin/log',
    access: 'admin',
    summary: 'See how the log is kept',
    description: 'Its parts, and why old ones are still there.',
    answers: { 200: { description: 'The state of the log.', schema: logStateSchema } },
    handle: async (_call, { database }) => {
      const { n, beganAt, reason, moved } = await log.incarnations(database);
      const { parts, held, sweptAt } = await retention.logParts(database);
      return {
        status: 200,
        json: {
          incarnation: { n, beganAt: beganAt.toISOString(), reason, moved },
          parts: parts.map(({ part, from, to }) => ({
            part,
            from: from?.toISOString() ?? null,
            to: to?.toISOString() ?? null,
          })),
          held,
          sweptAt: sweptAt?.toISOString() ?? null,
        },
      };
    },
  }),
];

function placeOf(after: string): log.LogPlace {
  return after === 'start' ? log.LOG_START : readPlace(after);
}
