import {
  dependenciesOf,
  FOR_EACH_ITEMS_MAX,
  AosError,
  failureOf,
  holds,
  isSettled,
  itemKey,
  outputOf,
  planKeyOf,
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

/** A condition may take long, and nothing else happens meanwhile: the others have the next turn. */
const CONDITIONS_MAX = 4;

/** What may happen next; empty when the run waits for what is active, or for its waits. */
export function movesOf(situation: Situation): Move[] {
  const { prepared, records, active } = situation;
  const scope = scopeOf(situation);
  const moves: Move[] = [];
  let conditions = 0;
  for (const step of prepared.plan.steps) {
    const own = records.get(step.key);
    if (isSettled(own) || active.has(step.key) || (own && situation.isBlocked(own))) continue;
    const { all, data } = prepared.dependencies.get(step.key) as Dependencies;
    if ([...all].some((key) => !isSettled(records.get(key)))) continue;
    // Begun before: it met its conditions then.
    const begun = own !== undefined || (step.forEach && hasItems(step, situation));
    if (!begun && [...data].some((key) => outputOf(records.get(key)) === undefined)) {
      moves.push({ do: 'skip', step, reason: 'input_missing' });
    } else if (begun || !step.when) {
      moves.push(...begin(step, scope, situation));
    } else {
      if (++conditions > CONDITIONS_MAX) break;
      moves.push(...decide(step, step.when, scope, situation));
    }
  }
  return moves;
}

export function isDone({ prepared, records }: Situation): boolean {
  return prepared.plan.steps.every((step) => isSettled(records.get(step.key)));
}

function hasItems(step: PlanStep, { records, active }: Situation): boolean {
  for (const key of active) if (planKeyOf(key) === step.key) return true;
  for (const key of records.keys())
    if (key !== step.key && planKeyOf(key) === step.key) return true;
  return false;
}

function decide(step: PlanStep, when: string, scope: Scope, situation: Situation): Move[] {
  try {
    if (!holds(when, scope)) return [{ do: 'skip', step, reason: 'condition' }];
  } catch (error) {
    return [failing(step, error)];
  }
  return begin(step, scope, situation);
}

function begin(step: PlanStep, scope: Scope, situation: Situation): Move[] {
  if (!step.forEach) return [{ do: 'start', unit: { key: step.key, step, scope } }];
  try {
    return itemMoves(step, scope, situation);
  } catch (error) {
    return [failing(step, error)];
  }
}

function failing(step: PlanStep, error: unknown): Move {
  if (!(error instanceof AosError)) throw error;
  return { do: 'fail', step, failure: failureOf(error) };
}

function itemMoves(step: PlanStep, scope: Scope, situation: Situation): Move[] {
  const { records, active } = situation;
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
  let free = (step.forEach?.concurrency ?? CONCURRENCY) - running;
  const moves: Move[] = [];
  for (const [index, key] of keys.entries()) {
    if (free <= 0) break;
    const record = records.get(key);
    if (isSettled(record) || active.has(key)) continue;
    if (record && situation.isBlocked(record)) continue;
    const own = new Map([...scope, ['item', items[index] ?? null], ['index', index]]);
    moves.push({ do: 'start', unit: { key, step, scope: own } });
    free--;
  }
  return moves;
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

function scopeOf({ prepared, records, input }: Situation): Scope {
  const scope = new Map<string, Json>([['input', input]]);
  for (const { key } of prepared.plan.steps) {
    const output = outputOf(records.get(key));
    if (output !== undefined) scope.set(key, output);
  }
  return scope;
}
