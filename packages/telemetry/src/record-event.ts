import { eventData, outcomes, type PlannerName, type RunEvent, type Usage } from '@aos/core';

import type { Logger, LogLevel } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

export interface Telemetry {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** There only while traces are exported. */
  readonly tracing?: Tracing;
}

/** Whose event it is. */
export interface RunContext {
  readonly runId: string;
  readonly tenant: string;
  readonly planner: PlannerName;
  readonly agent: string;
  readonly traceId: string;
}

/** Turns one committed event into the metrics of this process and one log line. */
export function recordEvent(
  { metrics, log }: Telemetry,
  { runId, tenant, planner, agent, traceId }: RunContext,
  event: RunEvent,
): void {
  measure(metrics, agent, event);
  // The name of the event is the line's; `kind` and the like stay fields.
  log[levelOf(event)](event.type, { runId, tenant, planner, traceId, ...eventData(event) });
}

function measure(metrics: Metrics, agent: string, event: RunEvent): void {
  switch (event.type) {
    case 'step.completed':
    case 'step.failed':
      // Attempt 0: it ended before the skill was called.
      if (event.attempt === 0) return;
      metrics.skillDuration.observe({ skill: event.skill }, event.durationMs / 1000);
      measureUsage(metrics, agent, event.usage);
      return;
    case 'step.parked':
      if (event.durationMs !== undefined)
        metrics.skillDuration.observe({ skill: event.skill }, event.durationMs / 1000);
      measureUsage(metrics, agent, event.usage);
      return;
    case 'run.planned':
      // A zero before the first one: else `increase` would not see it.
      for (const status of outcomes) metrics.agentRuns.inc({ agent, status }, 0);
      metrics.plannerDuration.observe({ planner: event.planner }, event.durationMs / 1000);
      measureUsage(metrics, agent, event.usage);
      return;
    case 'run.planning_failed':
      measureUsage(metrics, agent, event.usage);
      return;
    case 'run.finished':
      metrics.agentRuns.inc({ agent, status: event.outcome });
      return;
    case 'run.accepted':
    case 'run.started':
    case 'run.waiting':
    case 'run.released':
    case 'step.started':
    case 'step.skipped':
    case 'step.joined':
    case 'step.reused':
    case 'approval.requested':
    case 'approval.decided':
      // Counted from the database, where they survive the process.
      return;
  }
}

function measureUsage(metrics: Metrics, agent: string, usage: Usage | undefined): void {
  if (!usage) return;
  const { model, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, costUsd } = usage;
  metrics.llmTokens.inc({ model, kind: 'input' }, inputTokens);
  metrics.llmTokens.inc({ model, kind: 'output' }, outputTokens);
  metrics.llmTokens.inc({ model, kind: 'cache_read' }, cacheReadTokens);
  metrics.llmTokens.inc({ model, kind: 'cache_write' }, cacheWriteTokens);
  metrics.llmCost.inc({ model }, costUsd);
  metrics.agentCost.inc({ agent }, costUsd);
}

/** Runs are told, their steps only on request; what went wrong stands out. */
function levelOf(event: RunEvent): LogLevel {
  switch (event.type) {
    case 'run.planning_failed':
    case 'step.failed':
      return 'warn';
    case 'run.finished':
      return event.outcome === 'failed' ? 'warn' : 'info';
    case 'run.waiting':
      return event.waitingFor === 'target' ? 'debug' : 'info';
    case 'run.started':
      // The first time it only says that the run goes as it should; later it tells of a wait or a crash.
      return event.epoch === 1 ? 'debug' : 'info';
    case 'run.accepted':
    case 'run.planned':
    case 'run.released':
    case 'approval.requested':
    case 'approval.decided':
      return 'info';
    // One outage is one incident, told by whoever finds it out; not once for each run.
    case 'step.parked':
    case 'step.started':
    case 'step.completed':
    case 'step.skipped':
    case 'step.joined':
    case 'step.reused':
      return 'debug';
  }
}
