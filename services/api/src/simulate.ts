import {
  dependenciesOf,
  effectOf,
  inspectPlan,
  isTemplateCall,
  needsIntent,
  type Catalog,
  type Plan,
  type PlanStep,
} from '@aos/core';
import type { SimulatedStep, SimulateRequest, Simulation } from '@aos/sdk';

import { askedFor, refused, type Asked } from './new-run.ts';
import type { Caller } from './caller.ts';
import type { Services } from './services.ts';

/** Attempts of a step whose plan names none; the engine's own number. */
const ATTEMPTS = 3;

/** What a goal or a plan would do. A planner may be asked; no skill is called and nothing is stored. */
export async function simulate(
  services: Services,
  caller: Caller,
  body: SimulateRequest,
  signal: AbortSignal,
): Promise<Simulation> {
  if (body.goal === undefined && body.plan === undefined) {
    throw refused('#/goal', 'or a plan is needed');
  }
  const asked = await askedFor(services, caller, body);
  const catalog = await services.catalogs.catalog();
  const { plan, notes } = await planOf(services, asked, catalog, signal);
  const { agent, planner, goal } = asked;
  const steps = plan.steps.map((step) => simulatedStep(step, catalog));
  return {
    agent: { name: agent.definition.name, version: agent.version },
    planner,
    plan,
    steps,
    permissions: [...new Set(steps.flatMap(({ permissions }) => permissions))].toSorted(),
    sideEffects: steps.filter(({ sideEffects }) => sideEffects).map(({ key }) => key),
    approvals: steps.filter(({ approval }) => approval !== null).map(({ key }) => key),
    notes,
    problems: inspectPlan(plan, {
      catalog,
      agent: agent.definition,
      ...(goal.limits.steps !== undefined && { stepsMax: goal.limits.steps }),
    }),
  };
}

/** The plan given is looked at as it is, faults and all; any other is made by its planner. */
async function planOf(
  services: Services,
  { agent, planner, goal }: Asked,
  catalog: Catalog,
  signal: AbortSignal,
): Promise<{ readonly plan: Plan; readonly notes: readonly string[] }> {
  if (goal.plan && !isTemplateCall(goal.plan)) return { plan: goal.plan, notes: [] };
  const request = { goal, agent: agent.definition, catalog };
  const { plan, notes } = await services.settings.plan(planner, request, signal);
  return { plan, notes: notes ?? [] };
}

function simulatedStep(step: PlanStep, catalog: Catalog): SimulatedStep {
  const manifest = catalog.get(step.skill);
  const effect = manifest ? effectOf(manifest, step.input) : null;
  const cost = manifest?.cost;
  return {
    key: step.key,
    skill: step.skill,
    skillVersion: manifest?.version ?? null,
    after: dependencies(step),
    forEach: step.forEach !== undefined,
    effect,
    sideEffects: effect !== null && needsIntent(effect),
    permissions: manifest?.permissions ?? [],
    approval: step.approval?.reason ?? null,
    cost: cost?.kind ?? null,
    ...(cost?.kind === 'fixed' && { costUsd: cost.usd }),
    timeoutMs: step.timeoutMs ?? manifest?.limits.timeoutMs ?? null,
    attempts: step.retry?.attempts ?? ATTEMPTS,
  };
}

/** None when its references do not parse; that stands among the problems. */
function dependencies(step: PlanStep): readonly string[] {
  try {
    return [...dependenciesOf(step).all];
  } catch {
    return step.after ?? [];
  }
}
