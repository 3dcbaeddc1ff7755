import type { JsonObject } from './json.ts';
import { PLAN_STEPS_MAX, planSchema, type Plan } from './plan.ts';
import { planners, type PlannerName } from './run.ts';
import type { JsonSchema } from './schema.ts';

export const GOAL_CHARS_MAX = 8000;
export const INPUT_BYTES_MAX = 128 * 1024;

/** What a caller wants, in words, with its limits. Never changes. */
export interface Goal {
  readonly goal: string;
  readonly input: JsonObject;
  /** A plan given by the caller, or the name of a template of the agent. */
  readonly plan?: Plan | TemplateCall;
  readonly limits: Limits;
  readonly tags: readonly string[];
}

export interface Limits {
  /** Wall time from the start of the run to its end. */
  readonly wallMs?: number;
  /** Steps the plan may have, items of `forEach` not counted. */
  readonly steps?: number;
}

/** Asks for a named plan of the agent, filled with parameters. */
export interface TemplateCall {
  readonly template: string;
  readonly parameters?: JsonObject;
}

export function isTemplateCall(plan: Plan | TemplateCall | undefined): plan is TemplateCall {
  return plan !== undefined && 'template' in plan;
}

/** The body of `POST /v1/runs`, checked against `newRunSchema`. Times are RFC 3339. */
export interface NewRun {
  readonly goal: string;
  readonly agent?: string;
  readonly input?: JsonObject;
  readonly plan?: Plan | TemplateCall;
  readonly planner?: PlannerName;
  readonly priority?: number;
  readonly startAt?: string;
  readonly expiresAt?: string;
  readonly budget?: Limits;
  readonly tags?: readonly string[];
  readonly parentRunId?: string;
}

export const limitsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    wallMs: { type: 'integer', minimum: 1000, maximum: 30 * 24 * 3_600_000 },
    steps: { type: 'integer', minimum: 1, maximum: PLAN_STEPS_MAX },
  },
} as const satisfies JsonSchema;

export const templateCallSchema = {
  type: 'object',
  required: ['template'],
  additionalProperties: false,
  properties: {
    template: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
    parameters: { type: 'object' },
  },
} as const satisfies JsonSchema;

export const newRunSchema = {
  type: 'object',
  required: ['goal'],
  additionalProperties: false,
  properties: {
    goal: {
      type: 'string',
      minLength: 1,
      maxLength: GOAL_CHARS_MAX,
      pattern: '\\S',
      description: 'What is wanted, in plain words.',
    },
    agent: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
    input: { type: 'object', description: 'Data for the plan, read as ${input.name}.' },
    plan: {
      description: 'A plan of your own, or {template, parameters} of the agent.',
      if: { type: 'object', required: ['template'], properties: { template: {} } },
      // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: templateCallSchema,
      else: planSchema,
    },
    planner: { enum: [...planners] },
    priority: { type: 'integer', minimum: -100, maximum: 100 },
    startAt: { type: 'string', format: 'date-time' },
    expiresAt: { type: 'string', format: 'date-time' },
    budget: limitsSchema,
    tags: {
      type: 'array',
      maxItems: 20,
      uniqueItems: true,
      items: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$' },
    },
    parentRunId: { type: 'string', pattern: '^run_[0-9a-f-]{36}$' },
  },
} as const satisfies JsonSchema;
