import {
  dependenciesOf,
  FOR_EACH_ITEMS_MAX,
  AosError,
  failureOf,
  holds,
  isSettled,
  itemKey,
  outputOf,
  resolve,
  type Dependencies,
  type Failure,
  type Json,
  type Plan,
  type PlanStep,
  type Scope,
  type SkipReason,
  type StepRecord,
} from '@aos/core';

/** One thing to execute: a step, or one item of a `forEach` step. */
export interface Unit {
  readonly key: string;
  readonly step: PlanStep;
  readonly scope: Scope;
}

/** What the state of a run calls for. Deciding is pure, so a crash cannot change the answer. */
export type Move =
  | { readonly do: 'start'; readonly unit: Unit }
  | { readonly do: 'skip'; readonly step: PlanStep; readonly reason: SkipReason }
  | { readonly do: 'fail'; readonly step: PlanStep; readonly failure: Failure }
  | {
      readonly do: 'join';
      readonly step: PlanStep;
      readonly output: readonly Json[];
      readonly failed: number;
    };

export type Records = ReadonlyMap<string, StepRecord>;

const CONCURRENCY = 4;

/** The plan with what never changes about it worked out once. */
export interface Prepared {
  readonly plan: Plan;
  readonly dependencies: ReadonlyMap<string, Dependencies>;
}

export function prepare(plan: Plan): Prepared {
  return {
    plan,
    dependencies: new Map(plan.steps.map((step) => [step.key, dependenciesOf(step)])),
  };
}

export interface Situation {
  readonly prepared: Prepared;
  readonly records: Records;
  readonly input: Json;
  /** Keys of units that are being executed now. */
  readonly active: ReadonlySet<string>;
  /** Whether a waiting unit must wait on: its time has not come, or nobody has decided. */
  readonly isBlocked: (record: StepRecord) => boolean;
}

/** Everything that may happen next; empty when the run waits for what is active, or for its waits. */
export function movesOf(situation: Situation): Move[] {
  const { prepared, records, active } = situation;
  return prepared.plan.steps.flatMap((step): Move[] => {
    const own = records.get(step.key);
    if (isSettled(own) || active.has(step.key) || (own && situation.isBlocked(own))) return [];
    const { all, data } = prepared.dependencies.get(step.key) as Dependencies;
    for (const key of all) if (!isSettled(records.get(key))) return [];
    // Begun before: it met its conditions then.
    if (own && !step.forEach) return [{ do: 'start', unit: unitOf(step, situation) }];
    for (const key of data) {
      if (outputOf(records.get(key)) === undefined) {
        return [{ do: 'skip', step, reason: 'input_missing' }];
      }
    }
    try {
      return begin(step, situation);
    } catch (error) {
      if (!(error instanceof AosError)) throw error;
      return [{ do: 'fail', step, failure: failureOf(error) }];
    }
  });
}

export function isDone({ prepared, records }: Situation): boolean {
  return prepared.plan.steps.every((step) => isSettled(records.get(step.key)));
}

function begin(step: PlanStep, situation: Situation): Move[] {
  if (step.when && !holds(step.when, scopeOf(situation))) {
    return [{ do: 'skip', step, reason: 'condition' }];
  }
  if (!step.forEach) return [{ do: 'start', unit: unitOf(step, situation) }];
  return itemMoves(step, situation);
}

function itemMoves(step: PlanStep, situation: Situation): Move[] {
  const { records, active } = situation;
  const scope = scopeOf(situation);
  const items = listOf(step, scope);
  const keys = items.map((_, index) => itemKey(step.key, index));
  const running = keys.filter((key) => active.has(key)).length;
  const failed = keys.flatMap((key) => {
    const record = records.get(key);
    return record?.status === 'failed' ? [record.failure] : [];
  });
  const [failure] = failed;
  if (failure && step.forEach?.onItemError !== 'continue') {
    return running === 0 ? [{ do: 'fail', step, failure }] : [];
  }
  if (keys.every((key) => isSettled(records.get(key)))) {
    const output = keys.map((key) => outputOf(records.get(key)) ?? null);
    return [{ do: 'join', step, output, failed: failed.length }];
  }
  const free = (step.forEach?.concurrency ?? CONCURRENCY) - running;
  return items
    .flatMap((item, index): Unit[] => {
      const key = keys[index] as string;
      const record = records.get(key);
      if (isSettled(record) || active.has(key)) return [];
      if (record && situation.isBlocked(record)) return [];
      return [{ key, step, scope: new Map([...scope, ['item', item], ['index', index]]) }];
    })
    .slice(0, Math.max(0, free))
    .map((unit) => ({ do: 'start', unit }));
}

function listOf(step: PlanStep, scope: Scope): readonly Json[] {
  const list = resolve(step.forEach?.in ?? null, scope);
  if (!Array.isArray(list)) {
    throw new AosError('skill_input_invalid', `${step.key}: forEach needs a list.`);
  }
  if (list.length > FOR_EACH_ITEMS_MAX) {
    throw new AosError(
      'skill_input_invalid',
      `${step.key}: forEach over ${list.length} items; at most ${FOR_EACH_ITEMS_MAX} are allowed.`,
    );
  }
  return list as readonly Json[];
}

function unitOf(step: PlanStep, situation: Situation): Unit {
  return { key: step.key, step, scope: scopeOf(situation) };
}

function scopeOf({ prepared, records, input }: Situation): Scope {
  const scope = new Map<string, Json>([['input', input]]);
  for (const { key } of prepared.plan.steps) {
    const output = outputOf(records.get(key));
    if (output !== undefined) scope.set(key, output);
  }
  return scope;
}
