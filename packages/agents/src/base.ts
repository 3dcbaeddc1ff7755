import {
  agentSchema,
  AosError,
  completeAgent,
  formatReference,
  isObject,
  namesIn,
  problemsOf,
  referencesIn,
  schemaFault,
  sentence,
  type AgentDefinition,
  type AgentInput,
  type Json,
  type Plan,
  type PlanTemplate,
  type Problem,
} from '@aos/core';

/**
 * A complete definition from what somebody wrote, with the defaults filled in. Throws `invalid_request`
 * with every wrong path. Templates are checked as far as that goes without a catalog: form, parameters,
 * references; the inspector sees the filled plan again at each run.
 */
export function defineAgent(input: AgentInput): AgentDefinition {
  const form = problemsOf(agentSchema, input);
  const problems = form.length > 0 ? form : templatesProblems(input);
  if (problems.length > 0) {
    throw new AosError('invalid_request', `The agent: ${sentence(problems)}`, { problems });
  }
  return completeAgent(input);
}

function templatesProblems({ templates = {} }: AgentInput): readonly Problem[] {
  return Object.entries(templates).flatMap(([name, template]) => {
    const pointer = `#/templates/${name}`;
    const fault = schemaFault(template.parameters);
    return fault === undefined
      ? planProblems(template, `${pointer}/plan`)
      : [{ pointer: `${pointer}/parameters`, detail: `is no JSON Schema: ${fault}` }];
  });
}

function planProblems({ plan, parameters }: PlanTemplate, pointer: string): readonly Problem[] {
  const properties = isObject(parameters['properties']) ? parameters['properties'] : {};
  const keys = new Set(plan.steps.map(({ key }) => key));
  const problems: Problem[] = [];
  try {
    for (const reference of referencesOf(plan)) {
      const [name] = reference.path;
      const known =
        reference.root === 'input'
          ? typeof name === 'string' && Object.hasOwn(properties, name)
          : keys.has(reference.root) || reference.root === 'item' || reference.root === 'index';
      if (!known) {
        const what = reference.root === 'input' ? 'is no parameter' : 'is no step';
        problems.push({ pointer, detail: `reads ${formatReference(reference)}, which ${what}` });
      }
    }
    for (const { key, when } of plan.steps) {
      if (when && namesIn(when).has('input')) {
        problems.push({ pointer, detail: `has a condition on input in the step ${key}` });
      }
    }
  } catch (error) {
    if (!(error instanceof AosError)) throw error;
    problems.push({ pointer, detail: error.message });
  }
  return problems;
}

function referencesOf({ steps, output = null }: Plan) {
  return [
    ...steps.flatMap((step) => [
      ...referencesIn(step.input),
      ...(step.forEach ? referencesIn(step.forEach.in) : []),
      ...(isObject(step.onError) ? referencesIn(step.onError as Json) : []),
    ]),
    ...referencesIn(output),
  ];
}
