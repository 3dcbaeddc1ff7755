import { AosError } from '@aos/core';
import {
  newWebhookSchema,
  rotateSchema,
  webhookChangeSchema,
  webhookListSchema,
  webhookSchema,
  webhookWithSecretSchema,
  type NewWebhook,
  type RotateRequest,
  type WebhookChange,
} from '@aos/sdk';
import { tenants, webhooks } from '@aos/store';

import { route } from '../route.ts';
import { webhookResource } from '../webhook-resource.ts';

export const webhookId = {
  id: { type: 'string', description: 'Such as whk_019aaf3c-….' },
} as const;
const one = { description: 'The webhook.', schema: webhookSchema } as const;
const withSecret = {
  description: 'The webhook with its secret, which is told this one time.',
  schema: webhookWithSecretSchema,
} as const;

const OVERLAP_S = 86_400;

export const webhookRoutes = [
  route({
    method: 'get',
    path: '/v1/webhooks',
    access: 'webhooks:read',
    summary: 'List webhooks',
    answers: { 200: { description: 'All of them, oldest first.', schema: webhookListSchema } },
    handle: async ({ caller: { tenant } }, { database }) => {
      const all = await tenants.acting(database, tenant, (tx) => webhooks.list(tx, tenant));
      return { status: 200, json: { items: all.map(webhookResource) } };
    },
  }),
  route<unknown, NewWebhook>({
    method: 'post',
    path: '/v1/webhooks',
    access: 'webhooks:write',
    summary: 'Have an address told of events',
    description:
      'What is committed from now on is sent by POST, as CloudEvents 1.0, signed as Standard Webhooks say: at least once, with the same webhook-id at every attempt, the events of one run in order. An address that does not take an event is tried again for 24 hours.',
    body: newWebhookSchema,
    answers: { 201: withSecret },
    fails: ['quota_exceeded'],
    handle: async ({ body, caller: { tenant, name: by } }, { database }) => {
      const { types = [], agents = [], description = '' } = body;
      const { secret, text } = webhooks.newSecret();
      const url = checkedUrl(body.url);
      const made = await tenants.acting(database, tenant, (tx) =>
        webhooks.create(tx, tenant, { url, types, agents, description, by, secret }),
      );
      return {
        status: 201,
        headers: { Location: `/v1/webhooks/${made.id}` },
        json: { ...webhookResource(made), secret: text },
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/webhooks/:id',
    access: 'webhooks:read',
    summary: 'Read a webhook',
    params: webhookId,
    answers: { 200: one },
    fails: ['webhook_not_found'],
    handle: async ({ params, caller: { tenant } }, { database }) => {
      const found = await tenants.acting(database, tenant, (tx) =>
        webhooks.get(tx, tenant, params['id'] ?? ''),
      );
      return { status: 200, json: webhookResource(found) };
    },
  }),
  route<unknown, WebhookChange>({
    method: 'put',
    path: '/v1/webhooks/:id',
    access: 'webhooks:write',
    summary: 'Change, disable or enable a webhook',
    description: 'What happens while it is disabled is not sent to it later.',
    params: webhookId,
    body: webhookChangeSchema,
    answers: { 200: one },
    fails: ['webhook_not_found'],
    handle: async ({ params, body, caller: { tenant } }, { database }) => {
      const change = { ...body, url: checkedUrl(body.url) };
      const changed = await tenants.acting(database, tenant, (tx) =>
        webhooks.update(tx, tenant, params['id'] ?? '', change),
      );
      return { status: 200, json: webhookResource(changed) };
    },
  }),
  route({
    method: 'delete',
    path: '/v1/webhooks/:id',
    access: 'webhooks:write',
    summary: 'Remove a webhook with its deliveries',
    params: webhookId,
    answers: { 204: { description: 'It is gone.' } },
    fails: ['webhook_not_found'],
    handle: async ({ params, caller: { tenant } }, { database }) => {
      await tenants.acting(database, tenant, (tx) =>
        webhooks.remove(tx, tenant, params['id'] ?? ''),
      );
      return { status: 204 };
    },
  }),
  route<unknown, RotateRequest>({
    method: 'post',
    path: '/v1/webhooks/:id/secret',
    access: 'webhooks:write',
    summary: 'Exchange the secret of a webhook',
    description: 'For a while both secrets sign, so that the receiver can change over.',
    params: webhookId,
    body: rotateSchema,
    answers: { 200: withSecret },
    fails: ['webhook_not_found'],
    handle: async ({ params, body, caller: { tenant } }, { database }) => {
      const { overlapSeconds = OVERLAP_S } = body;
      const { secret, text } = webhooks.newSecret();
      const changed = await tenants.acting(database, tenant, (tx) =>
        webhooks.rotate(tx, tenant, params['id'] ?? '', secret, overlapSeconds * 1_000),
      );
      return { status: 200, json: { ...webhookResource(changed), secret: text } };
    },
  }),
];

/** What is sent there is signed, so that nothing else needs to be secret in the address. */
function checkedUrl(text: string): string {
  const url = URL.parse(text);
  const fault = !url
    ? 'is no address'
    : url.username !== '' || url.password !== ''
      ? 'must not hold a name or password; receivers check the signature'
      : url.hash !== ''
        ? 'must not have a fragment, which is never sent'
        : undefined;
  if (!url || fault !== undefined) {
    const problems = [{ pointer: '#/url', detail: fault ?? '' }];
    throw new AosError('invalid_request', `The request: #/url ${fault}`, { problems });
  }
  return url.href;
}
