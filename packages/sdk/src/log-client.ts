import type { RunEventType } from '@aos/core';

import type { ApiRequest, Query } from './request.ts';
import type {
  ConsumerEvents,
  ConsumerList,
  ConsumerResource,
  DeliveryList,
  DeliveryResource,
  LogEventList,
  LogState,
  NewConsumer,
  NewWebhook,
  Redelivered,
  RedeliverRequest,
  RotateRequest,
  WebhookChange,
  WebhookList,
  WebhookResource,
  WebhookWithSecret,
} from './resources.ts';

/** The log of all runs, and those who read it or are told of it. */
export interface LogClient {
  readonly log: {
    read(page?: {
      /** `start`, `end` or a cursor. */
      readonly after?: string;
      readonly type?: RunEventType;
      readonly limit?: number;
      /** Seconds to wait for events. */
      readonly wait?: number;
    }): Promise<LogEventList>;
    state(): Promise<LogState>;
  };
  readonly consumers: {
    list(): Promise<ConsumerList>;
    create(body: NewConsumer): Promise<ConsumerResource>;
    get(name: string): Promise<ConsumerResource>;
    remove(name: string): Promise<void>;
    /** The next events of one part; they come again until they are acknowledged. */
    fetch(
      name: string,
      options?: { readonly member?: string; readonly limit?: number; readonly wait?: number },
    ): Promise<ConsumerEvents>;
    /** `after` is the cursor of the last event that was dealt with. */
    ack(name: string, after: string, member?: string): Promise<void>;
    reset(name: string, from: string, reason: string): Promise<ConsumerResource>;
  };
  readonly webhooks: {
    list(): Promise<WebhookList>;
    create(body: NewWebhook): Promise<WebhookWithSecret>;
    get(id: string): Promise<WebhookResource>;
    update(id: string, body: WebhookChange): Promise<WebhookResource>;
    remove(id: string): Promise<void>;
    rotate(id: string, body?: RotateRequest): Promise<WebhookWithSecret>;
    ping(id: string): Promise<DeliveryResource>;
    deliveries(
      id: string,
      page?: {
        readonly state?: DeliveryResource['state'];
        readonly limit?: number;
        readonly cursor?: string;
      },
    ): Promise<DeliveryList>;
    delivery(id: string, deliveryId: string): Promise<DeliveryResource>;
    redeliver(id: string, deliveryId: string): Promise<DeliveryResource>;
    redeliverMany(id: string, body: RedeliverRequest): Promise<Redelivered>;
  };
}

export interface Asking {
  readonly ask: <T>(request: ApiRequest) => Promise<T>;
  readonly get: <T>(path: string, query?: Query) => Promise<T>;
  /** For answers without a body. */
  readonly tell: (request: ApiRequest) => Promise<void>;
  readonly segment: (text: string) => string;
}

export function logClient(asking: Asking): LogClient {
  const { get } = asking;
  return {
    log: {
      read: (page) => get('/v1/events', { ...page }),
      state: () => get('/admin/log'),
    },
    consumers: consumerRoutes(asking),
    webhooks: webhookRoutes(asking),
  };
}

function consumerRoutes({ ask, get, tell, segment }: Asking): LogClient['consumers'] {
  const path = (name: string, rest = '') => `/v1/consumers/${segment(name)}${rest}`;
  return {
    list: () => get('/v1/consumers'),
    create: (body) => ask({ method: 'POST', path: '/v1/consumers', body, repeatable: false }),
    get: (name) => get(path(name)),
    remove: (name) => tell({ method: 'DELETE', path: path(name), repeatable: false }),
    fetch: (name, options) => get(path(name, '/events'), { ...options }),
    ack: (name, after, member) =>
      tell({
        method: 'POST',
        path: path(name, '/ack'),
        body: { after, ...(member !== undefined && { member }) },
        repeatable: true,
      }),
    reset: (name, from, reason) =>
      ask({
        method: 'POST',
        path: path(name, '/reset'),
        body: { from, reason },
        repeatable: false,
      }),
  };
}

function webhookRoutes({ ask, get, tell, segment }: Asking): LogClient['webhooks'] {
  const path = (id: string, rest = '') => `/v1/webhooks/${segment(id)}${rest}`;
  const post = <T>(to: string, body?: unknown) =>
    ask<T>({ method: 'POST', path: to, body, repeatable: false });
  return {
    list: () => get('/v1/webhooks'),
    create: (body) => post('/v1/webhooks', body),
    get: (id) => get(path(id)),
    update: (id, body) => ask({ method: 'PUT', path: path(id), body, repeatable: true }),
    remove: (id) => tell({ method: 'DELETE', path: path(id), repeatable: false }),
    rotate: (id, body = {}) => post(path(id, '/secret'), body),
    ping: (id) => post(path(id, '/ping')),
    deliveries: (id, page) => get(path(id, '/deliveries'), { ...page }),
    delivery: (id, deliveryId) => get(path(id, `/deliveries/${segment(deliveryId)}`)),
    redeliver: (id, deliveryId) => post(path(id, `/deliveries/${segment(deliveryId)}/redeliver`)),
    redeliverMany: (id, body) => post(path(id, '/redeliver'), body),
  };
}
