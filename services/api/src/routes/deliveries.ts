import { AosError, type JsonSchema } from '@aos/core';
import {
  deliveryListSchema,
  deliverySchema,
  redeliverSchema,
  redeliveredSchema,
  type RedeliverRequest,
} from '@aos/sdk';
import { deliveries, tenants, webhooks } from '@aos/store';

import { fromCursor, toCursor } from '../cursor.ts';
import { route } from '../route.ts';
import { deliveryResource } from '../webhook-resource.ts';
import { DATABASE_TIME } from './runs.ts';
import { webhookId } from './webhooks.ts';

const both = {
  ...webhookId,
  deliveryId: { type: 'string', description: 'Such as dlv_019aaf3c-….' },
} as const;
const one = { description: 'The delivery.', schema: deliverySchema } as const;

const filter = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: { enum: ['pending', 'delivered', 'dead'] },
    limit: { type: 'integer', minimum: 1, maximum: 200 },
    cursor: { type: 'string', maxLength: 500 },
  },
} as const satisfies JsonSchema;

interface Filter {
  readonly state?: deliveries.Delivery['state'];
  readonly limit?: number;
  readonly cursor?: string;
}

const PAGE = 50;
const PLACE = [DATABASE_TIME, /^dlv_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/];

export const deliveryRoutes = [
  route<Filter>({
    method: 'get',
    path: '/v1/webhooks/:id/deliveries',
    access: 'webhooks:read',
    summary: 'List what was sent to a webhook, newest first',
    params: webhookId,
    query: filter,
    answers: { 200: { description: 'One page of deliveries.', schema: deliveryListSchema } },
    fails: ['webhook_not_found'],
    handle: async ({ params, query, caller: { tenant } }, { database }) => {
      const id = params['id'] ?? '';
      const { state, limit = PAGE, cursor } = query;
      const [createdAt, after] = cursor === undefined ? [] : fromCursor(cursor, PLACE);
      const { items, next } = await tenants.acting(database, tenant, async (tx) => {
        await webhooks.get(tx, tenant, id);
        return deliveries.list(tx, tenant, id, {
          limit,
          ...(state && { state }),
          ...(createdAt !== undefined &&
            after !== undefined && { after: { createdAt, id: after } }),
        });
      });
      return {
        status: 200,
        json: {
          items: items.map(deliveryResource),
          nextCursor: next ? toCursor([next.createdAt, next.id]) : null,
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/webhooks/:id/deliveries/:deliveryId',
    access: 'webhooks:read',
    summary: 'Read a delivery with its last attempts',
    params: both,
    answers: { 200: one },
    fails: ['delivery_not_found'],
    handle: async ({ params, caller: { tenant } }, { database }) => {
      const found = await tenants.acting(database, tenant, (tx) =>
        deliveries.get(tx, tenant, params['id'] ?? '', params['deliveryId'] ?? ''),
      );
      return { status: 200, json: deliveryResource(found) };
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/:id/deliveries/:deliveryId/redeliver',
    access: 'webhooks:write',
    summary: 'Send a delivery again, with the same id',
    params: both,
    answers: { 202: one },
    fails: ['delivery_not_found', 'event_dropped'],
    handle: async ({ params, caller: { tenant } }, { database }) => {
      const sent = await tenants.acting(database, tenant, (tx) =>
        deliveries.redeliver(tx, tenant, params['id'] ?? '', params['deliveryId'] ?? ''),
      );
      return { status: 202, json: deliveryResource(sent) };
    },
  }),
  route<unknown, RedeliverRequest>({
    method: 'post',
    path: '/v1/webhooks/:id/redeliver',
    access: 'webhooks:write',
    summary: 'Send the deliveries of a time again',
    description: `Oldest first, ${deliveries.REDELIVER_MAX} at most; ask again while there are more.`,
    params: webhookId,
    body: redeliverSchema,
    answers: { 202: { description: 'How many are on their way.', schema: redeliveredSchema } },
    fails: ['webhook_not_found'],
    handle: async ({ params, body, caller: { tenant } }, { database }) => {
      const id = params['id'] ?? '';
      const [from, to] = [
        new Date(body.from),
        body.to === undefined ? undefined : new Date(body.to),
      ];
      if (to && to <= from) {
        const problems = [{ pointer: '#/to', detail: 'is not later than from' }];
        throw new AosError('invalid_request', 'The request: #/to is not later than from', {
          problems,
        });
      }
      const sent = await tenants.acting(database, tenant, async (tx) => {
        await webhooks.get(tx, tenant, id);
        const which = { state: body.state ?? 'dead', from, ...(to && { to }) };
        return deliveries.redeliverMany(tx, tenant, id, which);
      });
      return { status: 202, json: sent };
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/:id/ping',
    access: 'webhooks:write',
    summary: 'Send a webhook a test event',
    description: 'Read the delivery to see what came of it. It is tried for five minutes.',
    params: webhookId,
    answers: { 202: one },
    fails: ['webhook_not_found'],
    handle: async ({ params, caller: { tenant } }, { database }) => {
      const id = params['id'] ?? '';
      const sent = await tenants.acting(database, tenant, async (tx) => {
        await webhooks.get(tx, tenant, id);
        return deliveries.ping(tx, tenant, id);
      });
      return { status: 202, json: deliveryResource(sent) };
    },
  }),
];
