import {
  AosError,
  inspectPlan,
  isObject,
  planSchema,
  sentence,
  type Inspection,
  type Json,
  type JsonSchema,
  type Plan,
  type Problem,
} from '@aos/core';
import type { Model } from '@aos/llm';

import type { Planner } from './logic.ts';
import { promptText, systemText } from './prompt.ts';

const REFUSAL_CHARS_MAX = 1000;

const answerSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    plan: planSchema,
    refusal: { type: 'string', minLength: 1, maxLength: REFUSAL_CHARS_MAX, pattern: '\\S' },
  },
} as const satisfies JsonSchema;

/**
 * Has a language model make the plan. What it answers is nothing but a proposal: the inspector checks it,
 * the model may mend it twice, and a plan that still breaks a rule is refused whole.
 */
export function createClaudePlanner(model: Model): Planner {
  return {
    name: 'claude',
    async plan(request, signal) {
      const { goal, agent, catalog } = request;
      if (catalog.size === 0) {
        throw new AosError('goal_not_plannable', `The agent ${agent.name} may use no skill.`);
      }
      const { steps } = goal.limits;
      const inspection = { catalog, agent, ...(steps !== undefined && { stepsMax: steps }) };
      const answer = await model
        .complete(
          {
            system: systemText(catalog),
            cacheSystem: true,
            prompt: promptText(request),
            schema: answerSchema,
            check: (json) => planProblems(json, inspection),
            ...(agent.model !== undefined && { model: agent.model }),
          },
          signal,
        )
        .catch((error: unknown) => {
          throw aboutThePlan(error);
        });
      const { usage, repairs } = answer;
      const { plan, refusal } = answer.json as { readonly plan?: Plan; readonly refusal?: string };
      if (!plan) {
        throw new AosError('goal_not_plannable', oneLine(refusal ?? ''), { usage });
      }
      return { plan, usage, notes: notesOf(answer.model, repairs) };
    },
  };
}

function planProblems(answer: Json, inspection: Inspection): readonly Problem[] {
  if (!isObject(answer) || answer['plan'] === undefined) return [];
  return inspectPlan(answer['plan'], inspection).map(({ pointer, detail }) => ({
    pointer: `#/plan${pointer.slice(1)}`,
    detail,
  }));
}

/** Problems of an answer that has a plan are problems of the plan, for whoever reads the run. */
function aboutThePlan(error: unknown): unknown {
  if (!(error instanceof AosError) || error.code !== 'model_output_invalid') return error;
  const problems = (error.problems ?? [])
    .filter(({ pointer }) => pointer === '#/plan' || pointer.startsWith('#/plan/'))
    .map(({ pointer, detail }) => ({ pointer: `#${pointer.slice('#/plan'.length)}`, detail }));
  if (problems.length === 0) return error;
  return new AosError('plan_invalid', `The plan of the model: ${sentence(problems)}`, {
    cause: error,
    problems,
    usage: error.usage,
  });
}

function notesOf(model: string, repairs: number): readonly string[] {
  const times = repairs === 1 ? 'once' : `${repairs} times`;
  return [
    repairs === 0 ? `Planned by ${model}.` : `Planned by ${model}; its plan was repaired ${times}.`,
  ];
}

/** The model's own words go into a log line and a report. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}
