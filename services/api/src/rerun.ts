import {
  AosError,
  inspectPlan,
  isTemplateCall,
  newId,
  sentence,
  type Agent,
  type Goal,
  type JsonChange,
  type Plan,
  type PlannerName,
  type StepRecord,
} from '@aos/core';
import { choosePlanner } from '@aos/planner';
import type { RerunRequest } from '@aos/sdk';
import { agents, plans, runs, steps, type Acceptance, type Db } from '@aos/store';

import { changedSteps } from './changed-steps.ts';
import { keptSteps } from './kept-steps.ts';
import { activeAgent, refused, refuseBadCall } from './new-run.ts';
import { patchRun, type DocumentPart, type RunDocument } from './patch-run.ts';
import type { Caller } from './caller.ts';
import type { Services } from './services.ts';

/** A run to be made of an earlier one, with what makes it differ. */
export interface Rerun {
  readonly acceptance: Omit<Acceptance, 'idempotency'>;
  readonly changes: readonly JsonChange[];
  /** Finished steps that it takes over. */
  readonly kept: readonly string[];
}

/** Where it belongs, when it is one of many. */
export interface RerunContext {
  readonly operationId?: string;
}

/** A finished run, with everything that a new one can be made of. */
interface Finished {
  readonly run: runs.RunView['run'];
  readonly goal: Goal;
  readonly outcome: string;
  readonly plan?: Plan;
  readonly records: readonly StepRecord[];
}

/**
 * A new run from a finished one. It runs under the agent as it is now: what was taken away from the
 * agent since then is not given back by running an old plan again, nor by naming an old version.
 */
export async function rerun(
  services: Services,
  caller: Caller,
  runId: string,
  body: RerunRequest,
  context: RerunContext = {},
): Promise<Rerun> {
  const origin = await services.database.actingFor([caller.tenant], (tx) => read(tx, runId));
  const agent = await agentFor(services, caller.tenant, origin, body);
  refuseMisplaced(body, origin);
  const { document, changes } = edited(origin, body);
  const plan = body.mode === 'replan' ? undefined : (document.plan as Plan | undefined);
  if (plan) await refuseBadPlan(services, agent, origin.goal, plan, changes.length > 0);
  else if (isTemplateCall(document.plan)) refuseBadCall(agent, document.plan);
  const reuse = plan && body.mode === 'retry' ? reused(origin, body, plan, document) : [];
  const { run } = origin;
  return {
    changes,
    kept: reuse.map(({ key }) => key),
    acceptance: {
      tenant: caller.tenant,
      by: caller.name,
      runId: newId('run'),
      agent: run.agent,
      agentVersion: agent.version,
      planner: plan ? run.planner : plannerFor(services, agent, body, run.planner, document),
      goal: goalOf(origin.goal, document, plan),
      priority: body.priority ?? run.priority,
      ...(run.parentRunId && { parentRunId: run.parentRunId }),
      origin: {
        runId,
        mode: body.mode,
        reason: body.reason,
        ...(body.fromStep !== undefined && { fromStep: body.fromStep }),
        ...(body.patch && { patch: body.patch }),
        ...(context.operationId && { operationId: context.operationId }),
      },
      ...(plan && { plan }),
      ...(reuse.length > 0 && { reuse }),
    },
  };
}

async function read(tx: Db, runId: string): Promise<Finished> {
  const { run, goal } = await runs.get(tx, runId);
  if (run.state.status !== 'finished') {
    throw new AosError('run_not_finished', 'The run has not finished; cancel it first.');
  }
  const stored = await plans.find(tx, runId);
  const records = await steps.list(tx, runId);
  const { outcome } = run.state;
  return { run, goal, outcome, records, ...(stored && { plan: stored.plan }) };
}

/** An older version may be named as long as it allows nothing that the newest one forbids. */
async function agentFor(
  services: Services,
  tenant: string,
  { run }: Finished,
  { agentVersion }: RerunRequest,
): Promise<Agent> {
  const newest = await activeAgent(services, tenant, run.agent);
  if (agentVersion === undefined || agentVersion === newest.version) return newest;
  const named = await services.database
    .actingFor([tenant], (tx) => agents.get(tx, run.agent, agentVersion))
    .catch((error: unknown) => {
      if (!(error instanceof AosError) || error.code !== 'agent_not_found') throw error;
      throw refused(
        '#/agentVersion',
        `names no version of ${run.agent}; the newest is ${newest.version}`,
      );
    });
  const allowed = newest.definition.skills;
  const more = named.definition.skills.filter(
    (skill) => !allowed.includes('*') && !allowed.includes(skill),
  );
  if (more.length === 0) return named;
  throw refused(
    '#/agentVersion',
    `names a version that may use ${more.join(', ')}, which version ${newest.version} may not`,
  );
}

/** What goes with one mode only, or needs something that is not there. */
function refuseMisplaced(
  { mode, fromStep, planner }: RerunRequest,
  { plan, outcome }: Finished,
): void {
  if (fromStep !== undefined && mode !== 'retry') {
    throw refused('#/fromStep', 'goes with the mode retry only');
  }
  if (planner !== undefined && mode !== 'replan') {
    throw refused('#/planner', 'goes with the mode replan only');
  }
  if (mode === 'replay' && !plan) {
    throw new AosError('plan_not_found', 'The run has no plan to replay; use replan.');
  }
  if (mode === 'retry' && outcome === 'succeeded' && fromStep === undefined) {
    throw refused('#/fromStep', 'is needed: the run succeeded, so nothing is left to retry');
  }
}

/** A plan of the caller is no goal: planning anew begins with the words, or with the template. */
function edited({ goal, plan }: Finished, { mode, patch }: RerunRequest) {
  const made = mode === 'replan' || !plan;
  const start = made ? (isTemplateCall(goal.plan) ? goal.plan : undefined) : plan;
  const document: RunDocument = {
    goal: goal.goal,
    input: goal.input,
    ...(start && { plan: start }),
  };
  if (!patch) return { document, changes: [] };
  const parts: DocumentPart[] = made
    ? ['goal', 'input', ...(start ? (['plan'] as const) : [])]
    : ['input', 'plan'];
  return patchRun(document, patch, parts);
}

function reused(
  { plan: old, goal, records }: Finished,
  { fromStep }: RerunRequest,
  plan: Plan,
  { input }: RunDocument,
): StepRecord[] {
  if (fromStep !== undefined && !plan.steps.some(({ key }) => key === fromStep)) {
    throw refused('#/fromStep', 'names no step of the plan');
  }
  const changed = old ? changedSteps({ plan: old, input: goal.input }, { plan, input }) : [];
  return keptSteps(plan, records, new Set([...changed, ...(fromStep ? [fromStep] : [])]));
}

function goalOf(goal: Goal, document: RunDocument, plan: Plan | undefined): Goal {
  const { plan: given, ...rest } = goal;
  const kept = plan ? (given && !isTemplateCall(given) ? plan : given) : document.plan;
  return { ...rest, goal: document.goal, input: document.input, ...(kept && { plan: kept }) };
}

/** A template is filled in again; a plan that the caller gave is left, and the agent's planner asked. */
function plannerFor(
  services: Services,
  agent: Agent,
  { planner }: RerunRequest,
  before: PlannerName,
  { plan }: RunDocument,
): PlannerName {
  const { modelConfigured } = services.settings;
  if (isTemplateCall(plan)) {
    if (planner !== undefined) throw refused('#/planner', 'cannot fill in a template');
    return 'template';
  }
  const again = before === 'rules' || before === 'claude' ? { planner: before } : {};
  return choosePlanner(
    planner === undefined ? again : { planner },
    agent.definition.planner,
    modelConfigured,
  );
}

async function refuseBadPlan(
  services: Services,
  agent: Agent,
  { limits }: Goal,
  plan: Plan,
  patched: boolean,
): Promise<void> {
  const catalog = await services.catalogs.catalog();
  const problems = inspectPlan(plan, {
    catalog,
    agent: agent.definition,
    ...(patched && limits.steps !== undefined && { stepsMax: limits.steps }),
  });
  if (problems.length === 0) return;
  const what = patched ? 'The patched plan' : 'The plan of the run does not hold any more';
  throw new AosError('plan_invalid', `${what}: ${sentence(problems)}`, { problems });
}
