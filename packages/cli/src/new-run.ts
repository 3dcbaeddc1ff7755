import type { Limits, NewRun, Plan, PlannerName, TemplateCall } from '@aos/core';

import { usageError } from './command-error.ts';
import { readJson, readObject } from './read-json.ts';
import { readInteger, readTime } from './read-time.ts';

/** The options that say what is wanted and how it is planned. */
export interface PlanningOptions {
  readonly agent?: string;
  readonly input?: readonly string[];
  readonly plan?: string;
  readonly planner?: string;
  readonly template?: string;
  readonly param?: readonly string[];
  readonly wallMs?: string;
  readonly stepsMax?: string;
}

export interface RunOptions extends PlanningOptions {
  readonly tag?: readonly string[];
  readonly priority?: string;
  readonly startAt?: string;
  readonly expiresAt?: string;
  readonly idempotencyKey?: string;
  readonly detach?: boolean;
}

type Planning = Pick<NewRun, 'goal' | 'agent' | 'input' | 'plan' | 'planner' | 'budget'>;

/** What is sent is not judged here: the API names every wrong place. */
export function planningOf(goal: string, options: PlanningOptions, folder: string): Planning {
  const { agent, planner, input } = options;
  const plan = planOf(options, folder);
  const budget = budgetOf(options);
  return {
    goal,
    ...(agent !== undefined && { agent }),
    ...(input && { input: readObject(input, folder, '--input') }),
    ...(plan && { plan }),
    ...(planner !== undefined && { planner: planner as PlannerName }),
    ...(budget && { budget }),
  };
}

export function newRunOf(goal: string, options: RunOptions, folder: string, now: number): NewRun {
  const { tag, priority, startAt, expiresAt } = options;
  return {
    ...planningOf(goal, options, folder),
    ...(tag && { tags: tag }),
    ...(priority !== undefined && { priority: readInteger(priority, '--priority') }),
    ...(startAt !== undefined && { startAt: readTime(startAt, 1, now, '--start-at') }),
    ...(expiresAt !== undefined && { expiresAt: readTime(expiresAt, 1, now, '--expires-at') }),
  };
}

/** It travels in a quoted header. */
export function checkedIdempotencyKey(key: string): string {
  if (/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(key)) return key;
  throw usageError(
    '--idempotency-key takes 1 to 200 visible ASCII characters without quotes and backslashes.',
  );
}

function planOf(options: PlanningOptions, folder: string): Plan | TemplateCall | undefined {
  const { plan, template, param } = options;
  if (plan !== undefined && template !== undefined) {
    throw usageError('Give either --plan or --template, not both.');
  }
  if (template !== undefined) {
    return { template, ...(param && { parameters: readObject(param, folder, '--param') }) };
  }
  if (param) throw usageError('--param fills a template: name it with --template.');
  if (plan === undefined) return undefined;
  return readJson(
    /^\s*[@{]/.test(plan) ? plan.trim() : `@${plan}`,
    folder,
    '--plan',
  ) as unknown as Plan;
}

function budgetOf({ wallMs, stepsMax }: PlanningOptions): Limits | undefined {
  if (wallMs === undefined && stepsMax === undefined) return undefined;
  return {
    ...(wallMs !== undefined && { wallMs: readInteger(wallMs, '--wall-ms') }),
    ...(stepsMax !== undefined && { steps: readInteger(stepsMax, '--steps-max') }),
  };
}
