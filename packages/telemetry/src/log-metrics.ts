import type { MetricKind } from './metric-kind.ts';

const API = ['api'] as const;
const WORKER = ['worker'] as const;

/** The part of `metricTable` that is about the log of events, its readers and webhooks. */
export const logMetrics = {
  webhookAttempts: {
    name: 'nova_webhook_attempts_total',
    help: 'Attempts to tell a webhook of an event, by what follows: delivered, retry, dead.',
    type: 'counter',
    labels: ['result'],
    from: 'process',
    services: WORKER,
  },
  eventLag: {
    name: 'nova_event_lag_seconds',
    help: 'Age of the oldest event that somebody has not read, by reader: consumers, webhooks.',
    type: 'gauge',
    labels: ['reader'],
    from: 'database',
    services: API,
  },
  eventLagEvents: {
    name: 'nova_event_lag_events',
    help: 'Events that the slowest reader has not read, by reader; 100000 stands for more.',
    type: 'gauge',
    labels: ['reader'],
    from: 'database',
    services: API,
  },
  eventHorizonAge: {
    name: 'nova_event_horizon_age_seconds',
    help: 'Age of the oldest event that no reader may see yet, since a transaction is open.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  webhookDeliveries: {
    name: 'nova_webhook_deliveries',
    help: 'Deliveries by state: pending, dead.',
    type: 'gauge',
    labels: ['state'],
    from: 'database',
    services: API,
  },
  eventPartsHeld: {
    name: 'nova_event_parts_held',
    help: 'Parts of the log that are old enough to be dropped and are still needed.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  eventPartsAhead: {
    name: 'nova_event_parts_ahead',
    help: 'Parts of the log that are made for times to come.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
} as const satisfies Record<string, MetricKind>;
