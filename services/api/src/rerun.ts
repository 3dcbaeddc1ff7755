import {
  AosError,
  inspectPlan,
  isTemplateCall,
  newId,
  sentence,
  type Agent,
  type Plan,
  type PlannerName,
} from '@aos/core';
import { choosePlanner } from '@aos/planner';
import type { RerunRequest } from '@aos/sdk';
import { plans, runs, steps, type Acceptance } from '@aos/store';

import { keptSteps } from './kept-steps.ts';
import { activeAgent, refused } from './new-run.ts';
import type { Caller } from './caller.ts';
import type { Services } from './services.ts';

/**
 * A new run from a finished one. It runs under the agent as it is now: what was taken away from the
 * agent since then is not given back by running an old plan again.
 */
export async function rerun(
  services: Services,
  caller: Caller,
  runId: string,
  body: RerunRequest,
): Promise<Omit<Acceptance, 'idempotency'>> {
  const { view, stored, records } = await services.database.actingFor(
    [caller.tenant],
    async (tx) => ({
      view: await runs.get(tx, runId),
      stored: await plans.find(tx, runId),
      records: await steps.list(tx, runId),
    }),
  );
  const { run, goal } = view;
  if (run.state.status !== 'finished') {
    throw new AosError('run_not_finished', 'The run has not finished; cancel it first.');
  }
  const agent = await activeAgent(services, caller.tenant, run.agent);
  const plan = body.mode === 'replan' ? undefined : stored?.plan;
  if (body.mode === 'replay' && !plan) {
    throw new AosError('plan_not_found', 'The run has no plan to replay; use replan.');
  }
  if (plan) await refuseBadPlan(services, agent, plan);
  const reuse = reused(body, run.state.outcome, plan, records);
  return {
    tenant: caller.tenant,
    by: caller.name,
    runId: newId('run'),
    agent: run.agent,
    agentVersion: agent.version,
    planner:
      body.mode === 'replan' ? replanner(services, agent, run.planner, goal.plan) : run.planner,
    // A plan of the caller is no goal: planning anew begins with the words.
    goal: body.mode === 'replan' && !isTemplateCall(goal.plan) ? withoutPlan(goal) : goal,
    priority: run.priority,
    ...(run.parentRunId && { parentRunId: run.parentRunId }),
    origin: { runId, mode: body.mode, reason: body.reason },
    ...(plan && { plan }),
    ...(reuse.length > 0 && { reuse }),
  };
}

function reused(
  { mode, fromStep }: RerunRequest,
  outcome: string,
  plan: Plan | undefined,
  records: Awaited<ReturnType<typeof steps.list>>,
) {
  if (mode !== 'retry') {
    if (fromStep !== undefined) throw refused('#/fromStep', 'goes with the mode retry only');
    return [];
  }
  if (fromStep !== undefined && !plan?.steps.some(({ key }) => key === fromStep)) {
    throw refused('#/fromStep', 'names no step of the plan');
  }
  if (outcome === 'succeeded' && fromStep === undefined) {
    throw refused('#/fromStep', 'is needed: the run succeeded, so nothing is left to retry');
  }
  return plan ? keptSteps(plan, records, fromStep) : [];
}

/** A template is filled in again; a plan that the caller gave is left, and the agent's planner asked. */
function replanner(
  services: Services,
  agent: Agent,
  planner: PlannerName,
  given: Acceptance['goal']['plan'],
): PlannerName {
  const { modelConfigured } = services.settings;
  if (isTemplateCall(given)) return 'template';
  const again = planner === 'rules' || planner === 'claude' ? { planner } : {};
  return choosePlanner(again, agent.definition.planner, modelConfigured);
}

function withoutPlan({ plan: _plan, ...goal }: Acceptance['goal']): Acceptance['goal'] {
  return goal;
}

async function refuseBadPlan(services: Services, agent: Agent, plan: Plan): Promise<void> {
  const catalog = await services.catalogs.catalog();
  const problems = inspectPlan(plan, { catalog, agent: agent.definition });
  if (problems.length > 0) {
    const detail = `The plan of the run does not hold any more: ${sentence(problems)}`;
    throw new AosError('plan_invalid', detail, { problems });
  }
}
