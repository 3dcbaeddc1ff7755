import type { Failure, FailureCode } from './failures.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { JsonSchema } from './schema.ts';
import type { Usage } from './usage.ts';

/**
 * What a skill does to the world, which decides what happens when a worker dies in the middle of it:
 *
 * - `pure`, `read`: nothing changes outside; it is simply run again.
 * - `keyed`: the other side honours the idempotency key; it is run again with the same key.
 * - `reconcilable`: the skill can look up whether it happened; it is asked first.
 * - `unkeyed`: nobody can tell; a human decides.
 */
export const effectClasses = ['pure', 'read', 'keyed', 'reconcilable', 'unkeyed'] as const;
export type EffectClass = (typeof effectClasses)[number];

/** Everything about a skill but its code. Published to the catalog; planners and people read it. */
export interface SkillManifest {
  readonly name: string;
  /** Semantic version of input, output and behaviour. */
  readonly version: string;
  /** One or two sentences in the imperative; the planner chooses by them. */
  readonly description: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** The worst this skill can do. */
  readonly effect: EffectClass;
  /** Some inputs do less: the value of this input property, or its default, picks the class. */
  readonly effectBy?: {
    readonly property: string;
    readonly values: Readonly<Record<string, EffectClass>>;
  };
  /** What it touches, as `area:verb`, such as `network:http`, `workspace:write`, `model:invoke`. */
  readonly permissions: readonly string[];
  readonly limits: {
    /** Time limit of one attempt when the plan names none. */
    readonly timeoutMs: number;
    /** Largest time limit a plan may ask for. */
    readonly timeoutMaxMs: number;
    /** Largest output as JSON text. */
    readonly outputBytes: number;
  };
  /** What a call costs in US dollars: nothing, a fixed sum, or by tokens of the model used. */
  readonly cost:
    | { readonly kind: 'free' }
    | { readonly kind: 'fixed'; readonly usd: number }
    | { readonly kind: 'tokens'; readonly note: string };
  /** The failures it names, and when. */
  readonly failures: readonly { readonly code: FailureCode; readonly when: string }[];
  readonly examples: readonly {
    readonly title: string;
    readonly input: JsonObject;
    readonly output: Json;
  }[];
}

/** The skills a planner may use. Data from the database: no implementation is needed to plan. */
export type Catalog = ReadonlyMap<string, SkillManifest>;

/** The class of one call: `effectBy` applied to its input, the worst case otherwise. */
export function effectOf(manifest: SkillManifest, input: JsonObject): EffectClass {
  const { effectBy } = manifest;
  if (!effectBy) return manifest.effect;
  const { property } = effectBy;
  const value = Object.hasOwn(input, property) ? input[property] : defaultOf(manifest, property);
  if (typeof value === 'string' && Object.hasOwn(effectBy.values, value)) {
    return effectBy.values[value] ?? manifest.effect;
  }
  return manifest.effect;
}

/** What an absent property of the input means, by the `default` of its schema. */
function defaultOf({ input }: SkillManifest, property: string): unknown {
  const properties = input['properties'];
  const schema = isObject(properties) ? properties[property] : undefined;
  return isObject(schema) ? schema['default'] : undefined;
}

/** Whether the start must be on record before the skill is called (architecture: intent before effect). */
export function needsIntent(effect: EffectClass): boolean {
  return effect !== 'pure' && effect !== 'read';
}

/** One call of a skill, as the engine asks for it. */
export interface SkillCall {
  readonly tenant: string;
  readonly runId: string;
  readonly stepKey: string;
  /** The fencing token of the claim it is made under: what it writes into the run carries it. */
  readonly epoch: number;
  readonly attempt: number;
  readonly agent: string;
  readonly skill: string;
  readonly input: JsonObject;
  /**
   * Same for every attempt of the same step of the same run; sent to the other side where it honours
   * such keys. A function of run and step only, never of attempt, epoch, worker or time.
   */
  readonly idempotencyKey: string;
}

/** How one attempt ended. A closed set; a skill never throws past its boundary. */
export type SkillResult =
  | {
      readonly outcome: 'completed';
      readonly output: Json;
      readonly usage?: Usage;
      /** Sentences the report must carry, such as that no model was used. */
      readonly notes?: readonly string[];
    }
  | { readonly outcome: 'failed'; readonly failure: Failure; readonly usage?: Usage }
  /** It may or may not have happened: cut after the request was sent. */
  | { readonly outcome: 'unknown'; readonly failure: Failure };
