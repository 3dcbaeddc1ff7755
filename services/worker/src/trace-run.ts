import { runTrace, type ClaimedRun, type RunEvent, type TraceContext } from '@aos/core';
import type { Ending, Ports } from '@aos/engine';
import { attribute, inSpan, type SpanSpec, type Tracing } from '@aos/telemetry';

/** A claimed run in its trace: the ports of its engine, and the time it is in the hands of this worker. */
export interface TracedRun {
  readonly ports: (ports: Ports) => Ports;
  readonly advance: (work: () => Promise<Ending>) => Promise<Ending>;
}

/**
 * Above all that is done for a run stand two spans whose ids follow from the run's: `invoke_workflow` from
 * its acceptance, `invoke_agent` from its first claim. Whoever ends the run sends them, so that nothing
 * hangs in the air when other workers died before.
 */
export function traceRun(tracing: Tracing, run: ClaimedRun): TracedRun {
  const { traceId, parent, runSpanId, agentSpanId } = runTrace(run.id, run.traceparent);
  const sampled = parent?.sampled ?? tracing.isSampled(traceId);
  const agent: TraceContext = { traceId, spanId: agentSpanId, sampled };
  const ids = { [attribute.runId]: run.id, [attribute.tenant]: run.tenant };
  const { name } = run.agent;

  const end = (event: Extract<RunEvent, { type: 'run.finished' }>): void => {
    const endedAt = new Date();
    const { outcome } = event;
    const errorType = outcome === 'failed' ? event.failure?.code : undefined;
    const common = { traceId, endedAt, ...(errorType !== undefined && { errorType }) };
    const attributes = { ...ids, [attribute.runOutcome]: outcome, [attribute.genAiAgent]: name };
    const workflow: TraceContext = { traceId, spanId: runSpanId, sampled };
    tracing.record({
      ...common,
      name: `invoke_agent ${name}`,
      spanId: agentSpanId,
      parent: workflow,
      beganAt: run.startedAt,
      attributes: { ...attributes, [attribute.genAiOperation]: 'invoke_agent' },
    });
    tracing.record({
      ...common,
      name: `invoke_workflow ${name}`,
      spanId: runSpanId,
      ...(parent && { parent }),
      beganAt: run.createdAt,
      attributes: {
        ...attributes,
        [attribute.genAiOperation]: 'invoke_workflow',
        [attribute.genAiWorkflow]: name,
        [attribute.planner]: run.planner,
      },
    });
  };

  return {
    ports: (ports) => ({
      ...ports,
      skills: {
        manifest: (skill) => ports.skills.manifest(skill),
        execute: (call, limits) =>
          inSpan(
            tracing,
            {
              name: `execute_tool ${call.skill}`,
              parent: agent,
              attributes: {
                ...ids,
                [attribute.genAiOperation]: 'execute_tool',
                [attribute.genAiTool]: call.skill,
                [attribute.genAiToolType]: 'function',
                [attribute.genAiToolCall]: `${call.stepKey}#${call.attempt}`,
                [attribute.step]: call.stepKey,
                [attribute.attempt]: call.attempt,
              },
            },
            () => ports.skills.execute(call, limits),
            (span, result) => {
              span.set({ [attribute.outcome]: result.outcome });
              span.end(result.outcome === 'completed' ? undefined : result.failure.code);
            },
          ),
      },
      plan: (claimed, signal) =>
        inSpan(tracing, planSpan(run, agent, ids), () => ports.plan(claimed, signal)),
      async commit(change) {
        await ports.commit(change);
        for (const event of change.events) if (event.type === 'run.finished') end(event);
      },
    }),
    advance: (work) =>
      inSpan(tracing, claimSpan(run, agent, ids), work, (span, ending) => {
        span.set({ [attribute.runEnding]: ending });
        span.end();
      }),
  };
}

function planSpan(run: ClaimedRun, parent: TraceContext, ids: SpanSpec['attributes']): SpanSpec {
  return {
    name: `plan ${run.agent.name}`,
    parent,
    attributes: {
      ...ids,
      [attribute.genAiOperation]: 'plan',
      [attribute.genAiAgent]: run.agent.name,
      [attribute.planner]: run.planner,
    },
  };
}

/** Beside the steps, not above them: a worker that dies never sends it. */
function claimSpan(run: ClaimedRun, parent: TraceContext, ids: SpanSpec['attributes']): SpanSpec {
  return {
    name: 'process runs',
    kind: 'consumer',
    parent,
    attributes: {
      ...ids,
      [attribute.messagingSystem]: 'pg-boss',
      [attribute.messagingOperation]: 'process',
      [attribute.messagingDestination]: 'runs',
      [attribute.runEpoch]: run.epoch,
      [attribute.workerId]: run.workerId,
    },
  };
}
