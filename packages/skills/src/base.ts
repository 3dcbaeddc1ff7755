import {
  AosError,
  effectOf,
  failureOf,
  isFailureCode,
  problemsOf,
  sentence,
  storableText,
  type EffectClass,
  type Failure,
  type FailureCode,
  type FromSchema,
  type JsonObject,
  type JSONSchema,
  type JsonSchema,
  type SkillCall,
  type SkillManifest,
  type SkillResult,
  type Usage,
} from '@aos/core';

import { checkedReturn } from './checked-return.ts';

/** What a skill knows of the call it works for. */
export interface SkillContext {
  readonly tenant: string;
  readonly runId: string;
  readonly stepKey: string;
  /** What is written into the run carries it. */
  readonly epoch: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly agent: string;
  /** The same for every attempt of this step; sent to whoever honours such keys. */
  readonly idempotencyKey: string;
  /** Aborted when the time is up or the run is cancelled. Whatever the skill waits for must heed it. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface SkillReturn<Output = unknown> {
  readonly output: Output;
  /** Sentences the report must carry. */
  readonly notes?: readonly string[];
  readonly usage?: Usage;
}

/**
 * A manifest with the code behind it. `run` gets input that holds the input schema; it returns output
 * that holds the output schema, or throws: AosError for a failure it names, UncertainError when its
 * effect may have happened all the same. A plain AosError says that no effect happened.
 */
export interface Skill {
  readonly manifest: SkillManifest;
  run(input: JsonObject, context: SkillContext): Promise<SkillReturn>;
  /**
   * What the call would reach, as `kind:name`: a host, a model, a database that may be out for everybody.
   * Of the input alone, which has not been checked yet. Left out, or undefined: nothing of the kind.
   */
  target?(input: JsonObject): string | undefined;
}

/** Cut after the request was sent: it may or may not have happened, and nobody here can tell. */
export class UncertainError extends AosError {}

/** The values a schema allows. What has a default may be left out: nobody fills it in. */
export type Typed<S> = S extends JSONSchema
  ? FromSchema<S, { keepDefaultedPropertiesOptional: true }>
  : never;

export type Examples<I, O> = readonly {
  readonly title: string;
  readonly input: Typed<I>;
  readonly output: Typed<O>;
}[];

interface Definition<I extends JsonSchema, O extends JsonSchema> extends Omit<
  SkillManifest,
  'examples'
> {
  readonly input: I;
  readonly output: O;
  readonly examples: Examples<I, O>;
  readonly run: (input: Typed<I>, context: SkillContext) => Promise<SkillReturn<Typed<O>>>;
  readonly target?: (input: Typed<I>) => string | undefined;
}

/** Ties the types of `run` and of the examples to the schemas, which stay plain data. */
export function defineSkill<I extends JsonSchema, O extends JsonSchema>(
  definition: Definition<I, O>,
): Skill {
  const { run, target, ...manifest } = definition;
  return {
    manifest,
    run: (input, context) => run(input as Typed<I>, context),
    ...(target && { target: (input) => target(input as Typed<I>) }),
  } as Skill;
}

const TARGET_CHARS_MAX = 300;

/** What a call would reach; nothing when its input is none, which the call itself will say. */
export function targetOf(skill: Skill, input: JsonObject): string | undefined {
  try {
    return skill.target?.(input)?.slice(0, TARGET_CHARS_MAX);
  } catch {
    return undefined;
  }
}

/** A skill that ignores its signal is given up after this long. */
export const GRACE_MS = 500;

/**
 * Runs one attempt. Never throws and never hangs: whatever the skill does, the result is structured and
 * can be stored. Where an effect may have happened and cannot be repeated, the outcome is `unknown`.
 */
export async function execute(
  skill: Skill,
  call: SkillCall,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<SkillResult> {
  const { manifest } = skill;
  let started = false;
  try {
    const refused = refusal(manifest, call, options.signal);
    if (refused) return { outcome: 'failed', failure: refused };
    const timeoutMs = Math.min(options.timeoutMs, manifest.limits.timeoutMaxMs);
    started = true;
    const ending = await attempt(skill, call, timeoutMs, options.signal);
    return resultOf(ending, manifest, call, timeoutMs);
  } catch {
    // What the skill threw or returned cannot even be looked at.
    return failed(crash(manifest), started, manifest, call);
  }
}

type Stop = 'time' | 'cancel';

/** How an attempt ended, before anybody has looked at what it returned or threw. */
type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly thrown: unknown; readonly stop: Stop | undefined }
  | { readonly kind: 'abandoned'; readonly stop: Stop };

function refusal(
  manifest: SkillManifest,
  call: SkillCall,
  signal: AbortSignal,
): Failure | undefined {
  if (signal.aborted) return { code: 'cancelled', detail: 'Cancelled before it started.' };
  const problems = problemsOf(manifest.input, call.input);
  if (problems.length === 0) return undefined;
  const detail = `The input of ${manifest.name}: ${sentence(problems)}`;
  return { code: 'skill_input_invalid', detail, problems };
}

async function attempt(
  skill: Skill,
  call: SkillCall,
  timeoutMs: number,
  cancel: AbortSignal,
): Promise<Ending> {
  const { tenant, runId, stepKey, epoch, agent } = call;
  // Made when it is asked for: most skills that only compute never do, and one costs more than they.
  let stopping: AbortController | undefined;
  const gaveUp = Promise.withResolvers<Ending>();
  let stop: Stop | undefined;
  let grace: NodeJS.Timeout | undefined;
  const end = (why: Stop): void => {
    if (stop) return;
    stop = why;
    stopping?.abort();
    grace = setTimeout(() => gaveUp.resolve({ kind: 'abandoned', stop: why }), GRACE_MS);
  };
  const onCancel = (): void => end('cancel');
  const timer = setTimeout(() => end('time'), timeoutMs);
  cancel.addEventListener('abort', onCancel, { once: true });
  const run = async (): Promise<unknown> =>
    skill.run(call.input, {
      tenant,
      runId,
      stepKey,
      epoch,
      attempt: call.attempt,
      agent,
      get idempotencyKey() {
        return call.idempotencyKey;
      },
      get signal() {
        if (!stopping) {
          stopping = new AbortController();
          if (stop) stopping.abort();
        }
        return stopping.signal;
      },
      timeoutMs,
    });
  try {
    return await Promise.race([
      run().then(
        // Wrapped, so that nothing looks at the value here.
        (value): Ending => ({ kind: 'returned', value }),
        (thrown: unknown): Ending => ({ kind: 'threw', thrown, stop }),
      ),
      gaveUp.promise,
    ]);
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    cancel.removeEventListener('abort', onCancel);
  }
}

function resultOf(
  ending: Ending,
  manifest: SkillManifest,
  call: SkillCall,
  timeoutMs: number,
): SkillResult {
  switch (ending.kind) {
    case 'returned':
      return checkedReturn(ending.value, manifest);
    case 'abandoned':
      return failed(stopped(ending.stop, manifest, timeoutMs), true, manifest, call);
    case 'threw': {
      const { thrown, stop } = ending;
      const named = thrown instanceof AosError && isFailureCode(thrown.code) ? thrown : undefined;
      const failure = stop
        ? stopped(stop, manifest, timeoutMs)
        : named
          ? bounded(failureOf(named))
          : crash(manifest);
      const maybe = !named || named instanceof UncertainError;
      return failed(failure, maybe, manifest, call, named?.usage);
    }
  }
}

const repeatable: ReadonlySet<EffectClass> = new Set(['pure', 'read', 'keyed']);

/** `maybe`: the effect may have happened. It matters only where repeating is not safe. */
function failed(
  failure: Failure,
  maybe: boolean,
  manifest: SkillManifest,
  call: SkillCall,
  usage?: Usage,
): SkillResult {
  return maybe && !repeatable.has(effectOf(manifest, call.input))
    ? { outcome: 'unknown', failure }
    : { outcome: 'failed', failure, ...(usage && { usage }) };
}

function stopped(stop: Stop, { name }: SkillManifest, timeoutMs: number): Failure {
  return stop === 'time'
    ? { code: 'step_timed_out', detail: `${name} ran longer than ${timeoutMs} ms.` }
    : { code: 'cancelled', detail: `${name} was cancelled.` };
}

function crash({ name }: SkillManifest): Failure {
  return {
    code: 'skill_crashed' satisfies FailureCode,
    detail: `${name} threw an error it did not name.`,
  };
}

const DETAIL_CHARS_MAX = 1000;

/** Texts of other systems end in details, so they are cut and made storable. */
function bounded(failure: Failure): Failure {
  const { code, problems, retryAfterMs } = failure;
  const wait = typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined;
  return {
    code,
    detail: text(failure.detail),
    ...(problems && {
      problems: problems.map(({ pointer, detail }) => ({
        pointer: text(pointer),
        detail: text(detail),
      })),
    }),
    ...(wait !== undefined && Number.isFinite(wait) && { retryAfterMs: wait }),
  };
}

function text(value: string): string {
  return storableText(value.slice(0, DETAIL_CHARS_MAX));
}
