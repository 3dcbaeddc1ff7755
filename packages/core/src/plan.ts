import { hashJson, type Json, type JsonObject } from './json.ts';
import type { JsonSchema } from './schema.ts';

/** Bounds of a plan; the inspector and the schema hold them. */
export const PLAN_STEPS_MAX = 200;
export const PLAN_BYTES_MAX = 256 * 1024;
export const FOR_EACH_ITEMS_MAX = 1000;
export const STEP_KEY = '^[a-zA-Z][a-zA-Z0-9_]{0,63}$';

/** A step key may not be one of these: references use them for something else. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['input', 'item', 'index', 'run']);

/**
 * Plan language version 1: a graph of typed steps.
 *
 * A string in `input`, `forEach.in` or `output` may hold references: `${step.path}` to the output of an
 * earlier step, `${input.path}` to the input of the run, `${item}` and `${index}` inside `forEach`.
 * A lone reference keeps its type. `$${` is a literal `${`. Values that come from references are never
 * read for references again.
 */
export interface Plan {
  readonly version: 1;
  readonly steps: readonly PlanStep[];
  /** What the run returns, with references; without it, the output of the last steps. */
  readonly output?: Json;
}

export interface PlanStep {
  /** Unique in the plan. */
  readonly key: string;
  readonly skill: string;
  readonly input: JsonObject;
  /** Steps that must have ended first, beyond those that the references name. */
  readonly after?: readonly string[];
  /** CEL over step outputs and the run's input; the step is skipped when it is false. */
  readonly when?: string;
  readonly forEach?: ForEach;
  readonly retry?: Retry;
  /** Time limit of one attempt. */
  readonly timeoutMs?: number;
  readonly onError?: OnError;
  /** A human must allow the step with exactly this input before it starts. */
  readonly approval?: { readonly reason: string };
}

export interface ForEach {
  /** A lone reference to a list, or the list itself. */
  readonly in: Json;
  /** How many items at a time; 4 when absent. */
  readonly concurrency?: number;
  /** `continue`: a failed item becomes null in the output list. `fail` when absent. */
  readonly onItemError?: 'fail' | 'continue';
}

export interface Retry {
  /** All attempts, the first included. */
  readonly attempts?: number;
  /** The first delay's upper bound; it doubles. Actual delays are random below it (full jitter). */
  readonly delayMs?: number;
  readonly delayMaxMs?: number;
}

/**
 * What the failure of a step means for the run. `fail`: the run fails. `continue`: the run goes on, and
 * what reads this step's output is skipped. `{use}`: the run goes on with this output instead.
 */
export type OnError = 'fail' | 'continue' | { readonly use: Json };

const json = { description: 'Any JSON value; strings may hold references.' };

export const planStepSchema = {
  type: 'object',
  required: ['key', 'skill', 'input'],
  additionalProperties: false,
  properties: {
    key: { type: 'string', pattern: STEP_KEY },
    skill: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,63}$' },
    input: { type: 'object', description: 'Matches the input schema of the skill.' },
    after: {
      type: 'array',
      maxItems: PLAN_STEPS_MAX,
      uniqueItems: true,
      items: { type: 'string', pattern: STEP_KEY },
    },
    when: { type: 'string', minLength: 1, maxLength: 1024 },
    forEach: {
      type: 'object',
      required: ['in'],
      additionalProperties: false,
      properties: {
        in: json,
        concurrency: { type: 'integer', minimum: 1, maximum: 32 },
        onItemError: { enum: ['fail', 'continue'] },
      },
    },
    retry: {
      type: 'object',
      additionalProperties: false,
      properties: {
        attempts: { type: 'integer', minimum: 1, maximum: 10 },
        delayMs: { type: 'integer', minimum: 0, maximum: 3_600_000 },
        delayMaxMs: { type: 'integer', minimum: 0, maximum: 86_400_000 },
      },
    },
    timeoutMs: { type: 'integer', minimum: 100, maximum: 3_600_000 },
    onError: {
      anyOf: [
        { enum: ['fail', 'continue'] },
        {
          type: 'object',
          required: ['use'],
          additionalProperties: false,
          properties: { use: { ...json, not: { type: 'null' } } },
        },
      ],
    },
    approval: {
      type: 'object',
      required: ['reason'],
      additionalProperties: false,
      properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
    },
  },
} as const satisfies JsonSchema;

export const planSchema = {
  type: 'object',
  required: ['version', 'steps'],
  additionalProperties: false,
  properties: {
    version: { const: 1 },
    steps: { type: 'array', minItems: 1, maxItems: PLAN_STEPS_MAX, items: planStepSchema },
    output: json,
  },
} as const satisfies JsonSchema;

const hashes = new WeakMap<Plan, string>();
const hashesByText = new Map<string, string>();
const TEXTS_MAX = 1_000;
const TEXT_CHARS_MAX = 8_000;

/**
 * What tells one plan from all others. A plan is never edited, so it is worked out once; and callers send
 * the same plan again and again, in the same words.
 */
export function planHash(plan: Plan): string {
  const known = hashes.get(plan);
  if (known !== undefined) return known;
  const text = JSON.stringify(plan);
  const hash = hashesByText.get(text) ?? hashJson(plan as unknown as Json);
  hashes.set(plan, hash);
  if (hashesByText.size >= TEXTS_MAX) hashesByText.clear();
  if (text.length <= TEXT_CHARS_MAX) hashesByText.set(text, hash);
  return hash;
}
