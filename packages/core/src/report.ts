import type { Artifact } from './artifact.ts';
import type { StoredEvent } from './event.ts';
import { failures, type Failure } from './failures.ts';
import type { Goal } from './goal.ts';
import { hashJson, type Json } from './json.ts';
import type { Plan } from './plan.ts';
import { finalOutput } from './output.ts';
import type { Run } from './run.ts';
import type { StepRecord } from './step.ts';
import { addUsage, type Usage } from './usage.ts';

/** Larger outputs are told by hash and size; the steps route has them whole. */
const INLINE_BYTES_MAX = 16 * 1024;

/** Everything the report is made from; all of it is stored. */
export interface RunFacts {
  readonly run: Run;
  readonly goal: Goal;
  readonly plan?: { readonly version: number; readonly hash: string; readonly plan: Plan };
  readonly steps: readonly StepRecord[];
  readonly events: readonly StoredEvent[];
  readonly artifacts: readonly Artifact[];
}

export interface Report {
  readonly reportVersion: 1;
  readonly runId: string;
  readonly goal: string;
  readonly agent: { readonly name: string; readonly version: number };
  readonly planner: string;
  /** The run it came from, when it was run again, with what was changed. */
  readonly origin: Run['origin'] | null;
  readonly status: string;
  readonly outcome: string | null;
  /** Why it did not succeed, in words a caller can act on. */
  readonly failure: (Failure & { readonly meaning: string; readonly step?: string }) | null;
  readonly output: Json;
  readonly times: {
    readonly createdAt: string;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
    readonly durationMs: number | null;
  };
  readonly plan: { readonly version: number; readonly hash: string; readonly steps: number } | null;
  readonly steps: readonly ReportStep[];
  /** What is missing from the result, and why. */
  readonly gaps: readonly { readonly step: string; readonly why: string }[];
  /** What a reader must know, such as that no model was used. */
  readonly notes: readonly string[];
  readonly approvals: readonly {
    readonly step: string;
    readonly approvalId: string;
    readonly decision: string;
    readonly by: string;
  }[];
  readonly artifacts: readonly {
    readonly name: string;
    readonly mediaType: string;
    readonly bytes: number;
    readonly digest: string;
  }[];
  readonly usage: Usage | null;
  /** Times a worker claimed the run; more than one tells of waits or crashes. */
  readonly claims: number;
}

export interface ReportStep {
  readonly key: string;
  readonly skill: string;
  readonly status: string;
  readonly attempts: number;
  readonly durationMs: number | null;
  readonly output?: Json;
  readonly outputHash?: string;
  readonly outputBytes?: number;
  readonly failure?: Failure;
  readonly reason?: string;
}

/** The report of a run: a pure function of stored facts, so it can never disagree with the journal. */
export function makeReport(facts: RunFacts): Report {
  const { run, goal, plan, steps, artifacts } = facts;
  const events = facts.events.map(({ event }) => event);
  const finished = events.findLast((event) => event.type === 'run.finished');
  return {
    reportVersion: 1,
    runId: run.id,
    goal: goal.goal,
    agent: { name: run.agent, version: run.agentVersion },
    planner: run.planner,
    origin: run.origin ?? null,
    status: run.state.status,
    outcome: run.state.status === 'finished' ? run.state.outcome : null,
    failure: finished?.failure ? explained(finished.failure, steps) : null,
    output: plan && run.state.status === 'finished' ? (finalOutput(facts) ?? null) : null,
    times: {
      createdAt: run.createdAt.toISOString(),
      startedAt: run.startedAt?.toISOString() ?? null,
      finishedAt: run.finishedAt?.toISOString() ?? null,
      durationMs: finished?.durationMs ?? null,
    },
    plan: plan ? { version: plan.version, hash: plan.hash, steps: plan.plan.steps.length } : null,
    steps: steps.map(reportStep),
    gaps: steps.flatMap((step) => gapOf(step)),
    notes: [...new Set(events.flatMap((event) => ('notes' in event ? (event.notes ?? []) : [])))],
    approvals: approvalsOf(facts),
    artifacts: artifacts.map(({ name, mediaType, bytes, digest }) => ({
      name,
      mediaType,
      bytes,
      digest,
    })),
    usage: usageOf(facts) ?? null,
    claims: events.filter((event) => event.type === 'run.started').length,
  };
}

/** What all model calls of the run used: planning, and every attempt, failed ones included. */
export function usageOf(facts: Pick<RunFacts, 'events'>): Usage | undefined {
  return facts.events
    .map(({ event }) => ('usage' in event ? event.usage : undefined))
    .reduce(addUsage, undefined);
}

/** A worker that died right after it noted a decision had its successor note it again. */
function approvalsOf({ events }: RunFacts): Report['approvals'] {
  const decided = new Map<string, Report['approvals'][number]>();
  for (const { event } of events) {
    if (event.type !== 'approval.decided') continue;
    const { step, approvalId, decision, by } = event;
    decided.set(approvalId, { step, approvalId, decision, by });
  }
  return [...decided.values()];
}

function reportStep(step: StepRecord): ReportStep {
  const durationMs =
    step.startedAt && step.finishedAt ? step.finishedAt.getTime() - step.startedAt.getTime() : null;
  return {
    key: step.key,
    skill: step.skill,
    status: step.status,
    attempts: step.attempt,
    durationMs,
    ...('output' in step && step.output !== undefined && told(step.output)),
    ...(step.status === 'failed' && { failure: step.failure }),
    ...(step.status === 'waiting' && step.wait.for === 'retry' && { failure: step.wait.failure }),
    ...(step.status === 'skipped' && { reason: step.reason }),
  };
}

function told(output: Json): Pick<ReportStep, 'output' | 'outputHash' | 'outputBytes'> {
  const outputBytes = Buffer.byteLength(JSON.stringify(output));
  const outputHash = hashJson(output);
  return outputBytes <= INLINE_BYTES_MAX
    ? { output, outputHash, outputBytes }
    : { outputHash, outputBytes };
}

function gapOf(step: StepRecord): { step: string; why: string }[] {
  if (step.status === 'failed') {
    const meaning = `${step.failure.code}: ${step.failure.detail}`;
    return [
      {
        step: step.key,
        why: step.output === undefined ? meaning : `${meaning} A fallback was used.`,
      },
    ];
  }
  if (step.status === 'skipped' && step.reason === 'input_missing') {
    return [{ step: step.key, why: 'A step it reads has no output.' }];
  }
  return [];
}

function explained(
  failure: Failure,
  steps: readonly StepRecord[],
): Failure & { meaning: string; step?: string } {
  const culprit = steps.find(
    (step) =>
      step.status === 'failed' &&
      step.failure.code === failure.code &&
      step.failure.detail === failure.detail,
  );
  return {
    ...failure,
    meaning: failures[failure.code].meaning,
    ...(culprit && { step: culprit.key }),
  };
}
