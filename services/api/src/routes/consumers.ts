import type { JsonSchema } from '@aos/core';
import {
  ackSchema,
  consumerEventsSchema,
  consumerListSchema,
  consumerMember,
  consumerSchema,
  newConsumerSchema,
  resetSchema,
  type AckRequest,
  type ConsumerEvents,
  type NewConsumer,
  type ResetRequest,
} from '@aos/sdk';
import { consumers, fetchNext, log, tenants, type Fetched } from '@aos/store';

import { handedCursor, readFrom, readHanded } from '../log-cursor.ts';
import { consumerResource, logEventResource } from '../log-resource.ts';
import { poll } from '../poll.ts';
import { route } from '../route.ts';

const name = { name: { type: 'string', description: 'The name of the consumer.' } } as const;
const one = { description: 'The consumer.', schema: consumerSchema } as const;

const fetchQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    member: consumerMember,
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
    wait: { type: 'integer', minimum: 0, maximum: 30, description: 'Seconds to wait for events.' },
  },
} as const satisfies JsonSchema;

interface FetchQuery {
  readonly member?: string;
  readonly limit?: number;
  readonly wait?: number;
}

const MEMBER = 'default';
const LIMIT = 100;
const LEASE_S = 30;

export const consumerRoutes = [
  route({
    method: 'get',
    path: '/v1/consumers',
    access: 'events:read',
    summary: 'List consumers',
    answers: { 200: { description: 'All of them, by name.', schema: consumerListSchema } },
    handle: async ({ caller: { tenant } }, { database }) => {
      const all = await tenants.acting(database, tenant, (tx) => consumers.list(tx, tenant));
      return { status: 200, json: { items: all.map((each) => consumerResource(each)) } };
    },
  }),
  route<unknown, NewConsumer>({
    method: 'post',
    path: '/v1/consumers',
    access: 'events:write',
    summary: 'Make a consumer',
    description: 'A group of programs that read the log and remember how far.',
    body: newConsumerSchema,
    answers: { 201: one },
    fails: ['consumer_exists', 'quota_exceeded'],
    handle: async ({ body, caller: { tenant, name: by } }, { database }) => {
      const { types = [], parts = 1, leaseSeconds = LEASE_S, from = 'end' } = body;
      const made = await tenants.acting(database, tenant, (tx) =>
        consumers.create(tx, {
          tenant,
          name: body.name,
          types,
          parts,
          leaseMs: leaseSeconds * 1_000,
          from: readFrom(from),
          by,
        }),
      );
      const headers = { Location: `/v1/consumers/${made.name}` };
      return { status: 201, headers, json: consumerResource(made) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/consumers/:name',
    access: 'events:read',
    summary: 'Read a consumer, with how far it is behind',
    params: name,
    answers: { 200: one },
    fails: ['consumer_not_found'],
    handle: async ({ params, caller: { tenant } }, { database }) =>
      tenants.acting(database, tenant, async (tx) => {
        const found = await consumers.get(tx, tenant, params['name'] ?? '');
        const lag = await consumers.lag(tx, tenant, found);
        return { status: 200, json: consumerResource(found, lag) };
      }),
  }),
  route({
    method: 'delete',
    path: '/v1/consumers/:name',
    access: 'events:write',
    summary: 'Remove a consumer and its offsets',
    params: name,
    answers: { 204: { description: 'It is gone.' } },
    fails: ['consumer_not_found'],
    handle: async ({ params, caller: { tenant } }, { database }) => {
      await tenants.acting(database, tenant, (tx) =>
        consumers.remove(tx, tenant, params['name'] ?? ''),
      );
      return { status: 204 };
    },
  }),
  route<FetchQuery>({
    method: 'get',
    path: '/v1/consumers/:name/events',
    access: 'events:write',
    summary: 'Take the next events of a consumer',
    description:
      'Gives the events of one part behind its offset, and a lease on the part. They come again until they are acknowledged: at least once, in order within each run. A program that is silent for longer than the lease loses its parts to others.',
    params: name,
    query: fetchQuery,
    answers: { 200: { description: 'Events of one part.', schema: consumerEventsSchema } },
    fails: ['consumer_not_found'],
    handle: async ({ params, query, caller: { tenant }, signal }, { database, stopping }) => {
      const { member = MEMBER, limit = LIMIT, wait = 0 } = query;
      const asked = { tenant, name: params['name'] ?? '', member, limit };
      const fetched = await poll(
        () => tenants.acting(database, tenant, (tx) => fetchNext(tx, asked)),
        (found) => (found?.events.length ?? 0) > 0,
        { waitMs: wait * 1_000, signal: AbortSignal.any([signal, stopping]) },
      );
      const { n } = await log.incarnations(database);
      return { status: 200, json: fetchedResource(fetched, n) };
    },
  }),
  route<unknown, AckRequest>({
    method: 'post',
    path: '/v1/consumers/:name/ack',
    access: 'events:write',
    summary: 'Acknowledge events up to one',
    description: 'The offset never moves back; acknowledging twice changes nothing.',
    params: name,
    body: ackSchema,
    answers: { 204: { description: 'They will not come again.' } },
    fails: ['consumer_not_found', 'lease_lost'],
    handle: async ({ params, body, caller: { tenant } }, { database }) => {
      const handed = readHanded(body.after);
      const given = { tenant, name: params['name'] ?? '', member: body.member ?? MEMBER };
      await tenants.acting(database, tenant, (tx) => consumers.ack(tx, { ...given, ...handed }));
      return { status: 204 };
    },
  }),
  route<unknown, ResetRequest>({
    method: 'post',
    path: '/v1/consumers/:name/reset',
    access: 'events:write',
    summary: 'Let a consumer read from another place',
    description: 'Replays what comes behind it. Whoever reads now loses its lease.',
    params: name,
    body: resetSchema,
    answers: { 200: one },
    fails: ['consumer_not_found'],
    handle: async ({ params, body, caller: { tenant, name: by } }, { database }) => {
      const given = { tenant, name: params['name'] ?? '', by, reason: body.reason };
      const begun = await tenants.acting(database, tenant, (tx) =>
        consumers.reset(tx, { ...given, from: readFrom(body.from) }),
      );
      return { status: 200, json: consumerResource(begun) };
    },
  }),
];

function fetchedResource(fetched: Fetched | undefined, incarnation: number): ConsumerEvents {
  if (!fetched) {
    return { part: null, items: [], leaseUntil: null, restored: false, missed: false };
  }
  const { part, events, leaseUntil, restored, missed } = fetched;
  return {
    part,
    items: events.map((event) =>
      logEventResource(event, handedCursor(fetched, incarnation, event.place)),
    ),
    leaseUntil: leaseUntil.toISOString(),
    restored,
    missed,
  };
}
