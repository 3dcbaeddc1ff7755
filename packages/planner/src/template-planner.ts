import {
  AosError,
  foreignProblemsOf,
  isObject,
  isTemplateCall,
  sentence,
  type AgentDefinition,
  type JsonObject,
  type PlanTemplate,
} from '@aos/core';

import { fillTemplate } from './fill-template.ts';
import type { Planner } from './logic.ts';

/** Fills a plan template of the agent with the parameters of the call. */
export const templatePlanner: Planner = {
  name: 'template',
  plan({ goal, agent }) {
    return new Promise((resolve) => {
      const call = goal.plan;
      if (!isTemplateCall(call)) {
        throw new AosError('goal_not_plannable', 'The run names no template.');
      }
      const template = templateOf(agent, call.template);
      resolve({ plan: fillTemplate(template.plan, parametersOf(template, call.parameters ?? {})) });
    });
  },
};

function templateOf({ name, templates }: AgentDefinition, wanted: string): PlanTemplate {
  const template = Object.hasOwn(templates, wanted) ? templates[wanted] : undefined;
  if (template) return template;
  const names = Object.keys(templates).join(', ') || 'none';
  throw new AosError(
    'template_not_found',
    `The agent ${name} has no template ${JSON.stringify(wanted)}; it has: ${names}.`,
  );
}

/** The parameters with the defaults of the schema, checked against it. */
function parametersOf({ parameters: schema }: PlanTemplate, given: JsonObject): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    isObject(property) && property['default'] !== undefined
      ? [[name, property['default']] as const]
      : [],
  );
  const parameters = { ...Object.fromEntries(defaults), ...given };
  const problems = foreignProblemsOf(schema, parameters).map(({ pointer, detail }) => ({
    pointer: `#/plan/parameters${pointer.slice(1)}`,
    detail,
  }));
  if (problems.length === 0) return parameters;
  throw new AosError('invalid_request', `The parameters: ${sentence(problems)}`, { problems });
}
