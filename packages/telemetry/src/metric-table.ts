import { alertMetrics } from './alert-metrics.ts';
import { flowMetrics } from './flow-metrics.ts';
import { logMetrics } from './log-metrics.ts';
import type { MetricKind } from './metric-kind.ts';

const API = ['api'] as const;
const WORKER = ['worker'] as const;
const BOTH = ['api', 'worker'] as const;

/** 5 ms to 10 minutes: the quickest extraction and the slowest model call are both told apart. */
const SKILL_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];
/** Up to the longest wait a request may ask for. */
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const PLANNER_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * Every metric of AOS. Alert rules and dashboards speak these names; README.md tells the same, and a test
 * compares them. Label values are bounded: no ids, no addresses, no free text.
 */
export const metricTable = {
  runs: {
    name: 'nova_runs_total',
    help: 'Runs that finished, by outcome and planner.',
    type: 'counter',
    labels: ['status', 'planner'],
    from: 'database',
    services: API,
  },
  runsQueued: {
    name: 'nova_runs_queued',
    help: 'Runs that wait for a worker.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  runsFailed: {
    name: 'nova_runs_failed_total',
    help: 'Runs that failed for good; neither retried attempts nor cancelled runs.',
    type: 'counter',
    labels: [],
    from: 'database',
    services: API,
  },
  skillAttempts: {
    name: 'nova_skill_attempts_total',
    help: 'Attempts of steps, retries included, by skill.',
    type: 'counter',
    labels: ['skill'],
    from: 'database',
    services: API,
  },
  workerPoolSize: {
    name: 'nova_worker_pool_size',
    help: 'Runs that all live workers together can advance at once.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  workersLive: {
    name: 'nova_workers_live',
    help: 'Worker processes whose lease is valid.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  runsWaiting: {
    name: 'nova_runs_waiting',
    help: 'Runs that wait for a decision or a time, and need no worker now.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  queueAge: {
    name: 'nova_queue_age_seconds',
    help: 'Age of the oldest run that could start and has not.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  targetsOpen: {
    name: 'nova_targets_open',
    help: 'Hosts, models and databases that are out, or were parked, for some tenant.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  stepsParked: {
    name: 'nova_steps_parked',
    help: 'Steps that wait for a target that is out.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  parkedAge: {
    name: 'nova_parked_age_seconds',
    help: 'How long the first of the parked steps has waited.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  workersDesired: {
    name: 'nova_workers_desired',
    help: 'Worker processes that the load calls for, for an autoscaler.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  approvalsOpen: {
    name: 'nova_approvals_open',
    help: 'Approvals that wait for a human.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  deadLetters: {
    name: 'nova_dead_letters',
    help: 'Failed runs that wait to be repaired, by state: open; redriving, an operation has them in hand.',
    type: 'gauge',
    labels: ['state'],
    from: 'database',
    services: API,
  },
  casesOpen: {
    name: 'nova_cases_open',
    help: 'Causes with open dead letters that nobody muted, fixed or resolved, or that came back.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  operationsRunning: {
    name: 'nova_operations_running',
    help: 'Operations on many runs that are under way.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  skillDuration: {
    name: 'nova_skill_duration_seconds',
    help: 'Time of one attempt of a step, by skill.',
    type: 'histogram',
    labels: ['skill'],
    buckets: SKILL_SECONDS,
    from: 'process',
    services: WORKER,
  },
  plannerDuration: {
    name: 'nova_planner_duration_seconds',
    help: 'Time to plan one run, by planner.',
    type: 'histogram',
    labels: ['planner'],
    buckets: PLANNER_SECONDS,
    from: 'process',
    services: WORKER,
  },
  workerRunsInFlight: {
    name: 'nova_worker_runs_in_flight',
    help: 'Runs this worker advances now.',
    type: 'gauge',
    labels: [],
    from: 'process',
    services: WORKER,
  },
  rescuedRuns: {
    name: 'nova_rescued_runs_total',
    help: 'Runs taken from workers that died.',
    type: 'counter',
    labels: [],
    from: 'process',
    services: WORKER,
  },
  journalBatchSize: {
    name: 'nova_journal_batch_size',
    help: 'Writes that shared one commit.',
    type: 'histogram',
    labels: [],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    from: 'process',
    services: BOTH,
  },
  ...alertMetrics,
  ...flowMetrics,
  invariantViolations: {
    name: 'nova_invariant_violations',
    help: 'Places where the stored history breaks an invariant, by invariant: I1 to I24.',
    type: 'gauge',
    labels: ['invariant'],
    from: 'check',
    services: [],
  },
  ...logMetrics,
  llmTokens: {
    name: 'nova_llm_tokens_total',
    help: 'Tokens of language models, by model and kind: input, output, cache_read, cache_write.',
    type: 'counter',
    labels: ['model', 'kind'],
    from: 'process',
    services: WORKER,
  },
  llmCost: {
    name: 'nova_llm_cost_usd_total',
    help: 'Cost of language models in US dollars, by model.',
    type: 'counter',
    labels: ['model'],
    from: 'process',
    services: WORKER,
  },
  agentRuns: {
    name: 'nova_agent_runs_total',
    help: 'Runs that a worker ended, by agent and outcome; those cancelled before they began are not among them.',
    type: 'counter',
    labels: ['agent', 'status'],
    from: 'process',
    services: WORKER,
  },
  agentCost: {
    name: 'nova_agent_llm_cost_usd_total',
    help: 'Cost of language models in US dollars, by agent.',
    type: 'counter',
    labels: ['agent'],
    from: 'process',
    services: WORKER,
  },
  httpRequests: {
    name: 'nova_http_requests_total',
    help: 'Requests answered, by method, route pattern and status.',
    type: 'counter',
    labels: ['method', 'route', 'status'],
    from: 'process',
    services: API,
  },
  httpRequestDuration: {
    name: 'nova_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by method and route pattern.',
    type: 'histogram',
    labels: ['method', 'route'],
    buckets: HTTP_SECONDS,
    from: 'process',
    services: API,
  },
  dbPoolConnections: {
    name: 'nova_db_pool_connections',
    help: 'Connections of the database pool, by state: idle, busy; and callers that wait: waiting.',
    type: 'gauge',
    labels: ['state'],
    from: 'process',
    services: BOTH,
  },
  eventLoopLag: {
    name: 'nova_event_loop_lag_seconds',
    help: 'How late timers ran since the last scrape, 99th percentile.',
    type: 'gauge',
    labels: [],
    from: 'process',
    services: BOTH,
  },
  processMemory: {
    name: 'nova_process_resident_memory_bytes',
    help: 'Memory of this process that is in RAM.',
    type: 'gauge',
    labels: [],
    from: 'process',
    services: BOTH,
  },
  processCpu: {
    name: 'nova_process_cpu_seconds_total',
    help: 'CPU time of this process, user and system.',
    type: 'counter',
    labels: [],
    from: 'process',
    services: BOTH,
  },
  buildInfo: {
    name: 'nova_build_info',
    help: 'Always 1; its labels name the version and the service.',
    type: 'gauge',
    labels: ['version', 'service'],
    from: 'process',
    services: BOTH,
  },
} as const satisfies Record<string, MetricKind>;

export type MetricKey = keyof typeof metricTable;

/** The metrics a process raises itself. */
export type ProcessMetricKey = {
  [K in MetricKey]: (typeof metricTable)[K]['from'] extends 'process' ? K : never;
}[MetricKey];
