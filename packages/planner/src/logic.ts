import {
  AosError,
  checkedPlan,
  isTemplateCall,
  mayUse,
  type AgentDefinition,
  type Catalog,
  type Goal,
  type NewRun,
  type Plan,
  type PlannerName,
  type Usage,
} from '@aos/core';

export interface PlanRequest {
  readonly goal: Goal;
  readonly agent: AgentDefinition;
  /** Narrowed to the skills the agent may use. */
  readonly catalog: Catalog;
}

export interface PlannerAnswer {
  readonly plan: Plan;
  /** Sentences the report must carry, such as how a word of the goal was read. */
  readonly notes?: readonly string[];
  readonly usage?: Usage;
}

export interface Planner {
  readonly name: PlannerName;
  /** Throws `goal_not_plannable` with a reason when it refuses. */
  plan(request: PlanRequest, signal: AbortSignal): Promise<PlannerAnswer>;
}

/**
 * Has one planner make the plan, and core's inspector check it, whoever wrote it. The planner sees only
 * the skills its agent may use.
 */
export async function makePlan(
  planners: ReadonlyMap<PlannerName, Planner>,
  name: PlannerName,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<PlannerAnswer> {
  const planner = planners.get(name);
  if (!planner) {
    throw new AosError('model_not_configured', `There is no planner ${name} here: it needs a key.`);
  }
  signal.throwIfAborted();
  const { goal, agent } = request;
  const catalog = new Map([...request.catalog].filter(([skill]) => mayUse(agent, skill)));
  const answer = await planner.plan({ goal, agent, catalog }, signal);
  const plan = checkedPlan(answer.plan, {
    catalog,
    agent,
    ...(goal.limits.steps !== undefined && { stepsMax: goal.limits.steps }),
  });
  return { ...answer, plan };
}

/**
 * Which planner a new run gets. A plan that the caller gave decides by its form; else the planner that
 * the caller named; else the agent's. Throws `invalid_request` or `model_not_configured`.
 */
export function choosePlanner(
  run: Pick<NewRun, 'planner' | 'plan'>,
  agentPlanner: AgentDefinition['planner'],
  modelConfigured: boolean,
): PlannerName {
  const given = run.plan && (isTemplateCall(run.plan) ? 'template' : 'static');
  if (given && run.planner && run.planner !== given) {
    throw wrong('planner', `is ${run.planner}, but the plan given is for the planner ${given}`);
  }
  const name = given ?? run.planner ?? agentPlanner;
  if (name === 'auto') return modelConfigured ? 'claude' : 'rules';
  if (name === 'static' && !given) {
    throw wrong('plan', 'is missing: the planner static needs a plan');
  }
  if (name === 'template' && !given) {
    throw wrong('plan', 'is missing: the planner template needs {"template": "name"}');
  }
  if (name === 'claude' && !modelConfigured) {
    throw new AosError(
      'model_not_configured',
      'The planner claude needs a language model, and no key is configured; "rules" plans without one.',
    );
  }
  return name;
}

function wrong(field: string, detail: string): AosError {
  const problems = [{ pointer: `#/${field}`, detail }];
  return new AosError('invalid_request', `The request: #/${field} ${detail}.`, { problems });
}
