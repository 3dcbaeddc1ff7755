import type { DeliveryResource, WebhookResource } from '@aos/sdk';
import type { deliveries, webhooks } from '@aos/store';

export function webhookResource(webhook: webhooks.Webhook): WebhookResource {
  return {
    id: webhook.id,
    url: webhook.url,
    types: [...webhook.types] as WebhookResource['types'],
    agents: [...webhook.agents],
    description: webhook.description,
    state: webhook.state,
    disabledReason: webhook.disabledReason ?? null,
    createdBy: webhook.createdBy,
    createdAt: webhook.createdAt.toISOString(),
    updatedAt: webhook.updatedAt.toISOString(),
    failures: webhook.failures,
    pausedUntil: webhook.pausedUntil?.toISOString() ?? null,
    oldSecretUntil: webhook.oldSecretUntil?.toISOString() ?? null,
  };
}

export function deliveryResource(delivery: deliveries.Delivery): DeliveryResource {
  return {
    id: delivery.id,
    webhookId: delivery.webhookId,
    runId: delivery.runId ?? null,
    seq: delivery.seq ?? null,
    type: delivery.type,
    state: delivery.state,
    attempts: delivery.attempts,
    nextAt: delivery.nextAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
    expiresAt: delivery.expiresAt.toISOString(),
    endedAt: delivery.endedAt?.toISOString() ?? null,
    redeliveries: delivery.redeliveries,
    history: [...delivery.history],
  };
}
