import type { MetricKind } from './metric-kind.ts';

const API = ['api'] as const;
const WORKER = ['worker'] as const;

/** What is let in, what is held back, and what is let go on. Part of `metricTable`. */
export const flowMetrics = {
  admissionRefusals: {
    name: 'nova_admission_refusals_total',
    help: 'New runs refused, by reason: tenant_depth, depth, age, latency.',
    type: 'counter',
    labels: ['reason'],
    from: 'process',
    services: API,
  },
  admissionQueueDepth: {
    name: 'nova_admission_queue_depth',
    help: 'Queued runs as this replica knows them: the last count, and what it has added since.',
    type: 'gauge',
    labels: [],
    from: 'process',
    services: API,
  },
  admissionDatabaseLatency: {
    name: 'nova_admission_database_latency_seconds',
    help: 'Time to store a run, on average over the last seconds.',
    type: 'gauge',
    labels: [],
    from: 'process',
    services: API,
  },
  admissionDrainRate: {
    name: 'nova_admission_drain_rate',
    help: 'Runs that finish in a second.',
    type: 'gauge',
    labels: [],
    from: 'process',
    services: API,
  },
  workerGated: {
    name: 'nova_worker_gated',
    help: 'Whether this worker takes no more runs for now, by reason: lag, pool, memory.',
    type: 'gauge',
    labels: ['reason'],
    from: 'process',
    services: WORKER,
  },
  releasedRuns: {
    name: 'nova_released_runs_total',
    help: 'Runs at rest that this worker sent on after a pause.',
    type: 'counter',
    labels: [],
    from: 'process',
    services: WORKER,
  },
} as const satisfies Record<string, MetricKind>;
