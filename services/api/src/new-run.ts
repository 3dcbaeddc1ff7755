import {
  AosError,
  foreignProblemsOf,
  INPUT_BYTES_MAX,
  isTemplateCall,
  newId,
  sentence,
  type Agent,
  type Goal,
  type Limits,
  type NewRun,
  type Plan,
  type PlannerName,
  type Problem,
  type TemplateCall,
} from '@aos/core';
import { choosePlanner } from '@aos/planner';
import type { Acceptance } from '@aos/store';

import type { Caller } from './caller.ts';
import type { Services } from './services.ts';
import { problemsOfPlan } from './sound-plans.ts';

/** What a request asks for, made precise: who plans it, with which version of which agent. */
export interface Asked {
  readonly agent: Agent;
  readonly planner: PlannerName;
  readonly goal: Goal;
}

/** Checks a new run as far as it can be checked before it is planned, and makes it ready to be stored. */
export async function newRun(
  services: Services,
  caller: Caller,
  body: NewRun,
): Promise<Omit<Acceptance, 'idempotency'>> {
  const { agent, planner, goal } = await askedFor(services, caller, body);
  const times = timesOf(body);
  const plan = goal.plan && !isTemplateCall(goal.plan) ? goal.plan : undefined;
  if (plan) await refuseBadPlan(services, agent, goal, plan);
  return {
    tenant: caller.tenant,
    by: caller.name,
    runId: newId('run'),
    agent: agent.definition.name,
    agentVersion: agent.version,
    planner,
    goal,
    priority: body.priority ?? 0,
    ...times,
    ...(body.parentRunId && { parentRunId: body.parentRunId }),
    ...(plan && { plan }),
  };
}

/** The agent, the planner and the goal of a request; also of one that is only simulated. */
export async function askedFor(
  services: Services,
  caller: Caller,
  body: Omit<NewRun, 'goal'> & { readonly goal?: string },
): Promise<Asked> {
  const agent = await activeAgent(services, caller.tenant, body.agent);
  const { definition } = agent;
  const planner = choosePlanner(body, definition.planner, services.settings.modelConfigured);
  if (body.plan && isTemplateCall(body.plan)) refuseBadCall(agent, body.plan);
  const input = body.input ?? {};
  if (Buffer.byteLength(JSON.stringify(input)) > INPUT_BYTES_MAX) {
    throw refused('#/input', `is larger than ${INPUT_BYTES_MAX} bytes`);
  }
  const goal: Goal = {
    goal: body.goal ?? '',
    input,
    limits: tighter(definition.limits, body.budget ?? {}),
    tags: body.tags ?? [],
    ...(body.plan && { plan: body.plan }),
  };
  return { agent, planner, goal };
}

/** The newest version of the agent, when it may be used. */
export async function activeAgent(
  services: Services,
  tenant: string,
  name: string | undefined,
): Promise<Agent> {
  const agent = await services.catalogs.agent(tenant, name);
  const shown = JSON.stringify(name ?? 'default');
  if (!agent) throw refused('#/agent', `names the unknown agent ${shown}`);
  if (agent.status === 'disabled') throw refused('#/agent', `names the disabled agent ${shown}`);
  return agent;
}

/** Throws `plan_invalid` with every rule the plan breaks, pointing into the request. */
async function refuseBadPlan(
  services: Services,
  agent: Agent,
  goal: Goal,
  plan: Plan,
): Promise<void> {
  const found = problemsOfPlan(plan, {
    catalog: await services.catalogs.catalog(),
    agent,
    ...(goal.limits.steps !== undefined && { stepsMax: goal.limits.steps }),
  });
  if (found.length === 0) return;
  const problems = found.map((problem) => inside('#/plan', problem));
  throw new AosError('plan_invalid', `The plan: ${sentence(problems)}`, { problems });
}

/** Throws for a template that the agent has not, and for parameters that do not fit it. */
export function refuseBadCall({ definition }: Agent, call: TemplateCall): void {
  const { templates } = definition;
  const template = Object.hasOwn(templates, call.template) ? templates[call.template] : undefined;
  if (!template) {
    const problems = [{ pointer: '#/plan/template', detail: 'names no template of the agent' }];
    const detail = `The agent ${definition.name} has no template ${JSON.stringify(call.template)}.`;
    throw new AosError('template_not_found', detail, { problems });
  }
  const problems = foreignProblemsOf(template.parameters, call.parameters ?? {}).map((problem) =>
    inside('#/plan/parameters', problem),
  );
  if (problems.length > 0) {
    throw new AosError('invalid_request', `The request: ${sentence(problems)}`, { problems });
  }
}

function timesOf(body: NewRun): { readonly startAt?: Date; readonly expiresAt?: Date } {
  const startAt = time(body.startAt, '#/startAt');
  const expiresAt = time(body.expiresAt, '#/expiresAt');
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw refused('#/expiresAt', 'is in the past');
  }
  if (startAt && expiresAt && expiresAt <= startAt) {
    throw refused('#/expiresAt', 'must be after startAt');
  }
  return { ...(startAt && { startAt }), ...(expiresAt && { expiresAt }) };
}

/** RFC 3339 knows leap seconds, JavaScript does not; years beyond 9999 no database wants. */
function time(text: string | undefined, pointer: string): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw refused(pointer, 'is no time that exists');
  return date;
}

/** The smaller of both where both say something. */
function tighter(a: Limits, b: Limits): Limits {
  const wallMs = Math.min(a.wallMs ?? Infinity, b.wallMs ?? Infinity);
  const steps = Math.min(a.steps ?? Infinity, b.steps ?? Infinity);
  return {
    ...(Number.isFinite(wallMs) && { wallMs }),
    ...(Number.isFinite(steps) && { steps }),
  };
}

function inside(pointer: string, problem: Problem): Problem {
  return { pointer: pointer + problem.pointer.slice(1), detail: problem.detail };
}

export function refused(pointer: string, detail: string): AosError {
  return new AosError('invalid_request', `The request: ${pointer} ${detail}.`, {
    problems: [{ pointer, detail }],
  });
}
