import { mayUse, type AgentDefinition } from './agent.ts';
import { namesIn } from './condition.ts';
import { cycleIn } from './dependencies.ts';
import { AosError, type Problem } from './failures.ts';
import { isDeeperThan, isObject, JSON_DEPTH_MAX, type Json } from './json.ts';
import {
  FOR_EACH_ITEMS_MAX,
  PLAN_BYTES_MAX,
  planSchema,
  RESERVED_KEYS,
  type Plan,
  type PlanStep,
} from './plan.ts';
import { formatReference, loneReference, referencesIn, type Reference } from './reference.ts';
import { problemsOf, sentence } from './schema.ts';
import type { Catalog, SkillManifest } from './skill.ts';
import { inputProblems, mismatch, schemaAt } from './type-flow.ts';

export interface Inspection {
  readonly catalog: Catalog;
  /** Whose allowed skills and limits count. */
  readonly agent?: AgentDefinition;
  /** Steps the caller allows, at most. */
  readonly stepsMax?: number;
}

/**
 * Every rule a plan breaks, whoever wrote it; empty when it may run. Checks form, keys, skills and
 * permission to use them, references and their types against the schemas of the skills, conditions,
 * cycles, limits. Nothing of the plan is executed.
 */
export function inspectPlan(candidate: unknown, inspection: Inspection): readonly Problem[] {
  if (isDeeperThan(candidate, JSON_DEPTH_MAX)) {
    return [{ pointer: '#', detail: `is nested deeper than ${JSON_DEPTH_MAX} levels` }];
  }
  const form = problemsOf(planSchema, candidate);
  if (form.length > 0) return form;
  const plan = candidate as Plan;
  const bytes = Buffer.byteLength(JSON.stringify(plan));
  if (bytes > PLAN_BYTES_MAX) {
    return [{ pointer: '#', detail: `is ${bytes} bytes; at most ${PLAN_BYTES_MAX} are allowed` }];
  }

  const problems = [...keyProblems(plan), ...limitProblems(plan, inspection)];
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  const known: Known = { byKey, catalog: inspection.catalog };
  for (const [index, step] of plan.steps.entries()) {
    problems.push(...stepProblems(step, `#/steps/${index}`, known, inspection.agent));
  }
  problems.push(...outputProblems(plan, known));
  // Dependencies can only be followed once every reference and condition parses.
  if (problems.length === 0) {
    const cycle = cycleIn(plan.steps);
    if (cycle) problems.push({ pointer: '#/steps', detail: `form a cycle: ${cycle.join(' -> ')}` });
  }
  return problems.slice(0, PROBLEMS_MAX);
}

/** More are the same mistake again; all of them together could be longer than the plan. */
const PROBLEMS_MAX = 50;

/** The plan, or `plan_invalid` with every problem. */
export function checkedPlan(candidate: unknown, inspection: Inspection): Plan {
  const problems = inspectPlan(candidate, inspection);
  if (problems.length > 0) {
    throw new AosError('plan_invalid', `The plan: ${sentence(problems)}`, { problems });
  }
  return candidate as Plan;
}

interface Known {
  readonly byKey: ReadonlyMap<string, PlanStep>;
  readonly catalog: Catalog;
}

function keyProblems(plan: Plan): Problem[] {
  const seen = new Set<string>();
  return plan.steps.flatMap(({ key }, index) => {
    const pointer = `#/steps/${index}/key`;
    if (RESERVED_KEYS.has(key)) return [{ pointer, detail: `may not be the word ${key}` }];
    if (seen.has(key)) return [{ pointer, detail: `repeats the key ${key}` }];
    seen.add(key);
    return [];
  });
}

function limitProblems(plan: Plan, { agent, stepsMax }: Inspection): Problem[] {
  const max = Math.min(stepsMax ?? Infinity, agent?.limits.steps ?? Infinity);
  if (plan.steps.length <= max) return [];
  return [
    { pointer: '#/steps', detail: `has ${plan.steps.length} steps; the budget allows ${max}` },
  ];
}

function stepProblems(
  step: PlanStep,
  at: string,
  known: Known,
  agent: AgentDefinition | undefined,
): Problem[] {
  const manifest = known.catalog.get(step.skill);
  if (!manifest) {
    return [{ pointer: `${at}/skill`, detail: `names the unknown skill ${step.skill}` }];
  }
  const problems: Problem[] = [];
  if (agent && !mayUse(agent, step.skill)) {
    problems.push({
      pointer: `${at}/skill`,
      detail: `is ${step.skill}, which the agent ${agent.name} may not use`,
    });
  }
  if (step.timeoutMs !== undefined && step.timeoutMs > manifest.limits.timeoutMaxMs) {
    problems.push({
      pointer: `${at}/timeoutMs`,
      detail: `is above ${manifest.limits.timeoutMaxMs}, the most ${step.skill} allows`,
    });
  }
  for (const key of step.after ?? []) {
    if (!known.byKey.has(key)) {
      problems.push({ pointer: `${at}/after`, detail: `names the unknown step ${key}` });
    }
  }
  const parsing = [
    ...templateProblems(step.input, `${at}/input`, known, step),
    ...(step.forEach ? forEachProblems(step, at, known) : []),
    ...conditionProblems(step, at, known),
  ];
  problems.push(...parsing);
  if (parsing.length === 0) problems.push(...inputTypeProblems(step, manifest, at, known));
  return problems;
}

function forEachProblems(step: PlanStep, at: string, known: Known): Problem[] {
  const pointer = `${at}/forEach/in`;
  const list: Json = step.forEach?.in ?? null;
  const problems = templateProblems(list, pointer, known);
  if (problems.length > 0) return problems;
  if (Array.isArray(list)) {
    if (list.length <= FOR_EACH_ITEMS_MAX) return [];
    return [
      { pointer, detail: `has ${list.length} items; at most ${FOR_EACH_ITEMS_MAX} are allowed` },
    ];
  }
  const reference = loneReference(list);
  if (!reference) return [{ pointer, detail: 'must be a list or one reference to a list' }];
  const schema = outputSchema(reference, known);
  const wrong = schema && mismatch(schema, { type: 'array' });
  return wrong ? [{ pointer, detail: `must be a list; ${wrong}` }] : [];
}

function conditionProblems(step: PlanStep, at: string, known: Known): Problem[] {
  if (!step.when) return [];
  const pointer = `${at}/when`;
  try {
    return [...namesIn(step.when)].flatMap((name) => {
      if (name === 'input' || known.byKey.has(name)) return [];
      return name === 'item' || name === 'index'
        ? [{ pointer, detail: `reads ${name}, but is decided once, before any item` }]
        : [{ pointer, detail: `reads the unknown step ${name}` }];
    });
  } catch (error) {
    return [{ pointer, detail: messageOf(error) }];
  }
}

/** Unparsable references and unknown roots; `inside` is the step whose `forEach` lends `item`. */
function templateProblems(
  template: Json,
  pointer: string,
  known: Known,
  inside?: PlanStep,
): Problem[] {
  let references: readonly Reference[];
  try {
    references = referencesIn(template);
  } catch (error) {
    return [{ pointer, detail: messageOf(error) }];
  }
  return references.flatMap((reference) => {
    const { root } = reference;
    if (root === 'input') return [];
    if (root === 'item' || root === 'index') {
      if (inside?.forEach) return [];
      return [{ pointer, detail: `reads ${formatReference(reference)} outside of forEach` }];
    }
    if (root === inside?.key) return [{ pointer, detail: `reads its own output, ${root}` }];
    if (!known.byKey.has(root)) {
      return [
        { pointer, detail: `reads the unknown step ${root} in ${formatReference(reference)}` },
      ];
    }
    const schema = outputSchema(reference, known);
    return schema === false
      ? [{ pointer, detail: `reads ${formatReference(reference)}, which ${root} never returns` }]
      : [];
  });
}

function inputTypeProblems(
  step: PlanStep,
  manifest: SkillManifest,
  at: string,
  known: Known,
): Problem[] {
  return inputProblems(step.input, manifest.input, `${at}/input`, (reference) => {
    const schema = outputSchema(reference, known);
    return schema === false ? undefined : schema;
  });
}

function outputProblems(plan: Plan, known: Known): Problem[] {
  return plan.output === undefined ? [] : templateProblems(plan.output, '#/output', known);
}

/** The schema of what a reference gives; undefined when nothing is known, `false` (no value
 * satisfies it) when it cannot exist. */
function outputSchema(reference: Reference, known: Known): Json | undefined {
  const step = known.byKey.get(reference.root);
  const manifest = step && known.catalog.get(step.skill);
  if (!step || !manifest) return undefined;
  // With a fallback the output may have any form.
  if (isObject(step.onError)) return undefined;
  if (!step.forEach) return schemaAt(manifest.output as Json, reference.path);
  const [first, ...rest] = reference.path;
  if (first === undefined) return { type: 'array' };
  return typeof first === 'number' ? schemaAt(manifest.output as Json, rest) : false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
