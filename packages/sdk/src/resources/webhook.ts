import type { FromSchema, JsonSchema } from '@aos/core';

import { eventTypes } from './log.ts';
import { cursor, runId, time, timeOrNull } from './shared.ts';

const webhookId = {
  type: 'string',
  pattern: '^whk_[0-9a-f-]{36}$',
} as const satisfies JsonSchema;
const deliveryId = {
  type: 'string',
  pattern: '^dlv_[0-9a-f-]{36}$',
} as const satisfies JsonSchema;
const agents = {
  type: 'array',
  items: { type: 'string', maxLength: 63 },
  maxItems: 50,
  uniqueItems: true,
  description: 'Only of runs of these agents; of all when the list is empty or left out.',
} as const satisfies JsonSchema;
const url = {
  type: 'string',
  pattern: '^https?://',
  maxLength: 2048,
  description: 'Where events are sent, by POST. Redirects are not followed.',
} as const satisfies JsonSchema;
const description = { type: 'string', maxLength: 500 } as const satisfies JsonSchema;
const state = { type: 'string', enum: ['active', 'disabled'] } as const satisfies JsonSchema;
const secret = {
  type: 'string',
  pattern: '^whsec_[A-Za-z0-9+/=]{44}$',
  description: 'Signs what is sent, as Standard Webhooks say. It is told this one time.',
} as const satisfies JsonSchema;

/** An address that is told of events. */
export const webhookSchema = {
  type: 'object',
  required: [
    ...(['id', 'url', 'types', 'agents', 'description', 'state', 'disabledReason'] as const),
    ...(['createdBy', 'createdAt', 'updatedAt', 'failures', 'pausedUntil'] as const),
    'oldSecretUntil',
  ],
  additionalProperties: false,
  properties: {
    id: webhookId,
    url,
    types: eventTypes,
    agents,
    description,
    state,
    disabledReason: { type: ['string', 'null'] },
    createdBy: { type: 'string' },
    createdAt: time,
    updatedAt: time,
    failures: { type: 'integer', description: 'In a row.' },
    pausedUntil: { ...timeOrNull, description: 'It failed so often that it is left alone.' },
    oldSecretUntil: { ...timeOrNull, description: 'Until then the secret of before signs too.' },
  },
} as const satisfies JsonSchema;

export const webhookListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: webhookSchema } },
} as const satisfies JsonSchema;

/** A webhook with its secret, right after it was made or exchanged. */
export const webhookWithSecretSchema = {
  ...webhookSchema,
  required: [...webhookSchema.required, 'secret'],
  properties: { ...webhookSchema.properties, secret },
} as const satisfies JsonSchema;

/** The body of `POST /v1/webhooks`. */
export const newWebhookSchema = {
  type: 'object',
  required: ['url'],
  additionalProperties: false,
  properties: { url, types: eventTypes, agents, description },
} as const satisfies JsonSchema;

/** The body of `PUT /v1/webhooks/:id`: everything its owner says about it. */
export const webhookChangeSchema = {
  type: 'object',
  required: ['url', 'types', 'agents', 'description', 'state'],
  additionalProperties: false,
  properties: { url, types: eventTypes, agents, description, state },
} as const satisfies JsonSchema;

/** The body of `POST /v1/webhooks/:id/secret`. */
export const rotateSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    overlapSeconds: {
      type: 'integer',
      minimum: 0,
      maximum: 604_800,
      description: 'How long the secret of before signs too; a day when it is left out.',
    },
  },
} as const satisfies JsonSchema;

/** One event for one address. */
export const deliverySchema = {
  type: 'object',
  required: [
    ...(['id', 'webhookId', 'runId', 'seq', 'type', 'state', 'attempts', 'nextAt'] as const),
    ...(['createdAt', 'expiresAt', 'endedAt', 'redeliveries', 'history'] as const),
  ],
  additionalProperties: false,
  properties: {
    id: { ...deliveryId, description: 'Sent as webhook-id; the same at every attempt.' },
    webhookId,
    runId: { anyOf: [runId, { type: 'null' }] },
    seq: { type: ['integer', 'null'] },
    type: { type: 'string' },
    state: { type: 'string', enum: ['pending', 'delivered', 'dead'] },
    attempts: { type: 'integer' },
    nextAt: timeOrNull,
    createdAt: time,
    expiresAt: { ...time, description: 'It is given up then.' },
    endedAt: timeOrNull,
    redeliveries: { type: 'integer' },
    history: {
      type: 'array',
      description: 'The last ten attempts, oldest first.',
      items: {
        type: 'object',
        required: ['at', 'durationMs'],
        additionalProperties: false,
        properties: {
          at: time,
          durationMs: { type: 'integer' },
          status: { type: 'integer' },
          answer: { type: 'string', description: 'The beginning of it.' },
          error: { type: 'string' },
        },
      },
    },
  },
} as const satisfies JsonSchema;

export const deliveryListSchema = {
  type: 'object',
  required: ['items', 'nextCursor'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: deliverySchema }, nextCursor: cursor },
} as const satisfies JsonSchema;

/** The body of `POST /v1/webhooks/:id/redeliver`: which of its deliveries are sent again. */
export const redeliverSchema = {
  type: 'object',
  required: ['from'],
  additionalProperties: false,
  properties: {
    from: { ...time, description: 'Of deliveries made then or later.' },
    to: { ...time, description: 'And before then.' },
    state: {
      type: 'string',
      enum: ['dead', 'delivered', 'all'],
      description: 'dead when it is left out.',
    },
  },
} as const satisfies JsonSchema;

export const redeliveredSchema = {
  type: 'object',
  required: ['count', 'more'],
  additionalProperties: false,
  properties: {
    count: { type: 'integer' },
    more: { type: 'boolean', description: 'There are others left: ask again.' },
  },
} as const satisfies JsonSchema;

export type WebhookResource = FromSchema<typeof webhookSchema>;
export type WebhookList = FromSchema<typeof webhookListSchema>;
export type WebhookWithSecret = FromSchema<typeof webhookWithSecretSchema>;
export type NewWebhook = FromSchema<typeof newWebhookSchema>;
export type WebhookChange = FromSchema<typeof webhookChangeSchema>;
export type RotateRequest = FromSchema<typeof rotateSchema>;
export type DeliveryResource = FromSchema<typeof deliverySchema>;
export type DeliveryList = FromSchema<typeof deliveryListSchema>;
export type RedeliverRequest = FromSchema<typeof redeliverSchema>;
export type Redelivered = FromSchema<typeof redeliveredSchema>;
