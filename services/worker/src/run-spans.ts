import {
  runTrace,
  type ClaimedRun,
  type RunEvent,
  type SkillCall,
  type TraceContext,
} from '@aos/core';
import { attribute, type SpanSpec, type Tracing } from '@aos/telemetry';

/** A run in its trace: what stands above everything that is done for it, and what each of these is called. */
export interface RunSpans {
  readonly claim: SpanSpec;
  readonly plan: SpanSpec;
  readonly step: (call: SkillCall) => SpanSpec;
  /** Sends what stands above: the run has ended. */
  readonly end: (event: Extract<RunEvent, { type: 'run.finished' }>) => void;
}

/**
 * The two spans above all others have ids that follow from the run's: `invoke_workflow` from its
 * acceptance, `invoke_agent` from its first claim. Whoever ends the run sends them, so that nothing hangs
 * in the air when other workers died before.
 */
export function runSpans(tracing: Tracing, run: ClaimedRun): RunSpans {
  const trace = runTrace(run.id, run.traceparent);
  const { traceId } = trace;
  const sampled = trace.parent?.sampled ?? tracing.isSampled(traceId);
  const workflow: TraceContext = { traceId, spanId: trace.runSpanId, sampled };
  const parent: TraceContext = { traceId, spanId: trace.agentSpanId, sampled };
  return {
    claim: { parent, ...claimOf(run) },
    plan: { parent, ...planOf(run) },
    step: (call) => ({ parent, ...stepOf(run, call) }),
    end({ outcome, failure }) {
      const { name } = run.agent;
      const past = { traceId, endedAt: new Date(), ...(failure && { errorType: failure.code }) };
      tracing.record({
        ...past,
        name: `invoke_agent ${name}`,
        spanId: parent.spanId,
        parent: workflow,
        beganAt: run.startedAt,
        attributes: {
          ...idsOf(run),
          [attribute.genAiOperation]: 'invoke_agent',
          [attribute.genAiAgent]: name,
          [attribute.runOutcome]: outcome,
        },
      });
      tracing.record({
        ...past,
        name: `invoke_workflow ${name}`,
        spanId: workflow.spanId,
        ...(trace.parent && { parent: trace.parent }),
        beganAt: run.createdAt,
        attributes: {
          ...idsOf(run),
          [attribute.genAiOperation]: 'invoke_workflow',
          [attribute.genAiWorkflow]: name,
          [attribute.planner]: run.planner,
          [attribute.runOutcome]: outcome,
        },
      });
    },
  };
}

function idsOf({ id, tenant }: ClaimedRun) {
  return { [attribute.runId]: id, [attribute.tenant]: tenant };
}

/** Beside the steps, not above them: a worker that dies never sends it. */
function claimOf(run: ClaimedRun): SpanSpec {
  return {
    name: 'process runs',
    kind: 'consumer',
    attributes: {
      ...idsOf(run),
      [attribute.messagingSystem]: 'pg-boss',
      [attribute.messagingOperation]: 'process',
      [attribute.messagingDestination]: 'runs',
      [attribute.runEpoch]: run.epoch,
      [attribute.workerId]: run.workerId,
    },
  };
}

function planOf(run: ClaimedRun): SpanSpec {
  return {
    name: `plan ${run.agent.name}`,
    attributes: {
      ...idsOf(run),
      [attribute.genAiOperation]: 'plan',
      [attribute.genAiAgent]: run.agent.name,
      [attribute.planner]: run.planner,
    },
  };
}

function stepOf(run: ClaimedRun, { skill, stepKey, attempt }: SkillCall): SpanSpec {
  return {
    name: `execute_tool ${skill}`,
    attributes: {
      ...idsOf(run),
      [attribute.genAiOperation]: 'execute_tool',
      [attribute.genAiTool]: skill,
      [attribute.genAiToolType]: 'function',
      [attribute.genAiToolCall]: `${stepKey}#${attempt}`,
      [attribute.step]: stepKey,
      [attribute.attempt]: attempt,
    },
  };
}
