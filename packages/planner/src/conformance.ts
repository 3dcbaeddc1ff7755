import { AosError, inspectPlan } from '@aos/core';

import type { Planner, PlannerAnswer, PlanRequest } from './logic.ts';

/** One goal and what must come of it. */
export interface PlannerCase {
  readonly name: string;
  readonly request: PlanRequest;
  /** `plan`: one that passes the inspector. `refusal`: an AosError, `goal_not_plannable` if not named. */
  readonly expect: 'plan' | 'refusal' | { readonly refusal: AosError['code'] };
}

/**
 * Runs a planner over cases and returns every breach of the planner's contract as a sentence; empty when
 * it conforms, so that any test runner can use it. A planner must
 *
 * - answer with a plan that the inspector passes, or throw an AosError with a reason, and nothing else;
 * - use the skills of the catalog it was given, and no others;
 * - leave the request as it was;
 * - give the same verdict when it is asked again.
 */
export async function plannerConformance(
  planner: Planner,
  cases: readonly PlannerCase[],
): Promise<readonly string[]> {
  const breaches: string[] = [];
  for (const item of cases) {
    const say = (what: string) => breaches.push(`${planner.name}, ${item.name}: ${what}`);
    const before = snapshot(item.request);
    const first = await ask(planner, item.request);
    const again = await ask(planner, item.request);
    if (snapshot(item.request) !== before) say('changes its request');
    if (first.verdict !== again.verdict) say(`says ${first.verdict}, then ${again.verdict}`);
    judge(first, item, say);
  }
  return breaches;
}

type Verdict =
  | { readonly verdict: 'plan'; readonly answer: PlannerAnswer }
  | { readonly verdict: AosError['code']; readonly reason: string }
  | { readonly verdict: 'crash'; readonly reason: string };

async function ask(planner: Planner, request: PlanRequest): Promise<Verdict> {
  try {
    const answer = await planner.plan(request, new AbortController().signal);
    return { verdict: 'plan', answer };
  } catch (error) {
    return error instanceof AosError
      ? { verdict: error.code, reason: error.message }
      : { verdict: 'crash', reason: String(error) };
  }
}

function judge(
  found: Verdict,
  { expect, request }: PlannerCase,
  say: (what: string) => void,
): void {
  const wanted = typeof expect === 'object' ? expect.refusal : expect;
  const code = wanted === 'refusal' ? 'goal_not_plannable' : wanted;
  if ('reason' in found) {
    if (found.verdict === 'crash') say(`throws something else than an AosError: ${found.reason}`);
    else if (found.verdict !== code) say(`gives ${found.verdict} (${found.reason}) for ${code}`);
    if (found.reason.trim() === '') say('refuses without a reason');
    return;
  }
  if (code !== 'plan') say(`plans what it must refuse with ${code}`);
  const { goal, agent, catalog } = request;
  const { steps } = goal.limits;
  const limits = { catalog, agent, ...(steps !== undefined && { stepsMax: steps }) };
  for (const { pointer, detail } of inspectPlan(found.answer.plan, limits)) {
    say(`makes a plan of which ${pointer} ${detail}`);
  }
}

function snapshot({ goal, agent, catalog }: PlanRequest): string {
  return JSON.stringify([goal, agent, [...catalog.keys()]]);
}
