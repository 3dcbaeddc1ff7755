import type {
  EffectClass,
  Failure,
  Json,
  JsonObject,
  PlanStep,
  RunEvent,
  SkillManifest,
  StepRecord,
  StepState,
} from '@aos/core';

import type { Unit } from './moves.ts';

/** One attempt of a unit, ready to be made. */
export interface Attempt {
  readonly unit: Unit;
  readonly skill: Pick<SkillManifest, 'name' | 'version'>;
  readonly timeoutMs: number;
  readonly input: JsonObject;
  readonly effect: EffectClass;
  /** There when the attempt has an effect or needs an approval. */
  readonly inputHash?: string;
  /** 1 for the first. */
  readonly number: number;
  readonly startedAt: Date;
}

/** What the journal is to know of the step after this. */
export function recordOf(
  { unit, skill, effect, number, inputHash }: Attempt,
  state: StepState,
  times: Pick<StepRecord, 'startedAt' | 'finishedAt'> = {},
): StepRecord {
  return {
    key: unit.key,
    skill: skill.name,
    skillVersion: skill.version,
    effect,
    attempt: number,
    ...(inputHash && { inputHash }),
    ...times,
    ...state,
  };
}

/** What an event tells of an attempt that ends. */
export function told({ unit, skill, number, startedAt }: Attempt, now: Date) {
  return {
    step: unit.key,
    skill: skill.name,
    attempt: number,
    durationMs: now.getTime() - startedAt.getTime(),
  };
}

/** A step that failed, or was put off, before its skill was called: no attempt was made. */
export function notStarted(
  step: string,
  skill: string,
  failure: Failure,
  retryAt?: Date,
): RunEvent {
  return {
    type: 'step.failed',
    step,
    skill,
    attempt: 0,
    durationMs: 0,
    failure,
    ...(retryAt && { retryAt: retryAt.toISOString() }),
  };
}

/** Whether only a human may say that an interrupted effect runs again. */
export function isUnrepeatable(effect: EffectClass): boolean {
  return effect === 'unkeyed' || effect === 'reconcilable';
}

/** What stands in for the output of a failed step, when its plan says so; for an item nothing does. */
export function fallbackOf(step: PlanStep, key: string): { readonly output?: Json } {
  return typeof step.onError === 'object' && key === step.key ? { output: step.onError.use } : {};
}
