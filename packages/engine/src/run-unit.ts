import {
  AosError,
  effectOf,
  failureOf,
  hashJson,
  needsIntent,
  resolve,
  type Change,
  type Failure,
  type JsonObject,
  type SkillResult,
  type StepRecord,
} from '@aos/core';

import { mayStart } from './ask-human.ts';
import type { Advance } from './advance.ts';
import { fallbackOf, isUnrepeatable, notStarted, recordOf, type Attempt } from './attempt.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import type { Unit } from './moves.ts';
import { isParked, parkStep, type Met } from './park-step.ts';
import { stepChange } from './recorder.ts';
import { settleAttempt } from './settle-attempt.ts';
import { alwaysClear } from './targets.ts';
import { patientUntil } from './waits.ts';

/** A step that is pure or reads is announced once it takes this long, so that people see it. */
const ANNOUNCE_AFTER_MS = 100;
/** No live code for the skill here; another worker may have it, or a newer one soon. */
const UNAVAILABLE_RETRY_MS = 5_000;
const UNAVAILABLE_RETRY_MAX_MS = 300_000;

/**
 * Executes one attempt of a step: the input from the plan and earlier outputs, a human's leave where
 * one is needed, the intent on record before an effect, the skill, the checkpoint. Resolves when the
 * attempt and its consequence are committed, or when it was cut and left for the next claim.
 */
export async function runUnit(advance: Advance, unit: Unit): Promise<void> {
  const { ports, recorder } = advance;
  const before = recorder.records.get(unit.key);
  const manifest = ports.skills.manifest(unit.step.skill);
  // Without the skill nothing can be tried, but what concerns a human is settled all the same.
  if (!manifest && !concernsHuman(before)) return waitForSkill(advance, unit);

  let input: JsonObject;
  try {
    input = resolve(unit.step.input, unit.scope) as JsonObject;
  } catch (error) {
    if (!(error instanceof AosError)) throw error;
    return failBeforeStart(advance, unit, failureOf(error));
  }
  const attempt = attemptOf(advance, unit, input);
  const careful = needsIntent(attempt.effect) || unit.step.approval || concernsHuman(before);
  if (careful && !(await mayStart(advance, attempt, before))) return;
  if (!manifest) return waitForSkill(advance, unit);
  const target = (ports.targets ?? alwaysClear).of(unit.step.skill, input);
  const patient = !before || !isParked(before) || attempt.startedAt < patientUntil(before);
  if (target === undefined || !patient) return make(advance, attempt);
  await reach(advance, attempt, before, target);
}

/** Makes the attempt, unless what it reaches is out. */
async function reach(
  advance: Advance,
  attempt: Attempt,
  before: StepRecord | undefined,
  target: string,
): Promise<void> {
  const wait = before?.status === 'waiting' && before.wait.for === 'target' && before.wait;
  const leave = await (advance.ports.targets ?? alwaysClear).enter(target, {
    timeoutMs: attempt.timeoutMs,
    ...(wait && wait.target === target && wait.released && { released: wait.released }),
  });
  if (leave.may === 'wait') return parkStep(advance, attempt, before, target, leave.outage);
  const parksAfter = async (result: SkillResult): Promise<boolean> => {
    const outage = await leave.left(result);
    if (!outage || result.outcome === 'completed' || advance.abort.aborted) return false;
    // An effect that may have happened is for a human to judge.
    if (result.outcome === 'unknown' && isUnrepeatable(attempt.effect)) return false;
    await parkStep(advance, attempt, before, target, outage, metOf(result));
    return true;
  };
  await make(advance, attempt, parksAfter);
}

function metOf(result: Exclude<SkillResult, { outcome: 'completed' }>): Met {
  const { failure } = result;
  return result.outcome === 'failed' && result.usage
    ? { failure, usage: result.usage }
    : { failure };
}

/** Its effect may have happened, or somebody was asked about it. */
function concernsHuman(before: StepRecord | undefined): boolean {
  if (before?.status === 'waiting') return 'approvalId' in before.wait;
  return before?.status === 'started' && isUnrepeatable(before.effect);
}

function attemptOf({ ports, recorder }: Advance, unit: Unit, input: JsonObject): Attempt {
  const { step } = unit;
  const before = recorder.records.get(unit.key);
  const manifest = ports.skills.manifest(step.skill);
  const effect = manifest ? effectOf(manifest, input) : (before?.effect ?? 'unkeyed');
  const hashed = needsIntent(effect) || step.approval || concernsHuman(before);
  return {
    unit,
    skill: { name: step.skill, version: manifest?.version ?? before?.skillVersion ?? '' },
    timeoutMs: step.timeoutMs ?? manifest?.limits.timeoutMs ?? 0,
    input,
    effect,
    number: (before?.attempt ?? 0) + 1,
    startedAt: ports.clock.now(),
    ...(hashed && { inputHash: hashJson(input) }),
  };
}

/** `parksAfter` takes the end of an attempt that is not to count. */
async function make(
  advance: Advance,
  attempt: Attempt,
  parksAfter: (result: SkillResult) => Promise<boolean> = async () => false,
): Promise<void> {
  const { ports, recorder, abort } = advance;
  const { step } = attempt.unit;
  let unannounce: (() => void) | undefined;
  if (needsIntent(attempt.effect)) {
    await recorder.record(startOf(attempt));
    ports.failpoint('after_intent');
  } else {
    unannounce = ports.clock.after(ANNOUNCE_AFTER_MS, () => recorder.note(startOf(attempt)));
  }
  let result: SkillResult;
  try {
    const call = ports.skills.execute(
      {
        tenant: advance.run.tenant,
        runId: advance.run.id,
        stepKey: attempt.unit.key,
        epoch: advance.run.epoch,
        attempt: attempt.number,
        agent: advance.run.agent.name,
        skill: step.skill,
        input: attempt.input,
        // Most skills have no use for it, and it is a hash.
        get idempotencyKey() {
          return idempotencyKeyOf(advance.run.id, attempt.unit.key);
        },
      },
      { signal: abort, timeoutMs: attempt.timeoutMs },
    );
    ports.failpoint('during_skill');
    result = await call;
  } finally {
    unannounce?.();
  }
  ports.failpoint('before_checkpoint');
  if (!(await parksAfter(result))) await settleAttempt(advance, attempt, result);
  ports.failpoint('after_checkpoint');
}

/** The event and the record of an attempt that begins. */
function startOf(attempt: Attempt): Change {
  const { unit, skill, effect, number, startedAt } = attempt;
  return stepChange(
    { type: 'step.started', step: unit.key, skill: skill.name, attempt: number, effect },
    recordOf(attempt, { status: 'started' }, { startedAt }),
  );
}

async function failBeforeStart(advance: Advance, unit: Unit, failure: Failure): Promise<void> {
  const none: Attempt = { ...attemptOf(advance, unit, {}), number: 0 };
  const { startedAt } = none;
  await advance.recorder.record(
    stepChange(
      notStarted(unit.key, none.skill.name, failure),
      recordOf(
        none,
        { status: 'failed', failure, ...fallbackOf(unit.step, unit.key) },
        { startedAt, finishedAt: startedAt },
      ),
    ),
  );
}

/** Uses up no attempt: nothing was tried. Looks again less often, the longer it has waited. */
async function waitForSkill({ ports, recorder }: Advance, { key, step }: Unit): Promise<void> {
  const { skill } = step;
  const before = recorder.records.get(key);
  const now = ports.clock.now();
  const startedAt = before?.startedAt ?? now;
  const waitedMs = now.getTime() - startedAt.getTime();
  const delayMs = Math.min(Math.max(waitedMs, UNAVAILABLE_RETRY_MS), UNAVAILABLE_RETRY_MAX_MS);
  const until = new Date(now.getTime() + delayMs);
  const failure: Failure = {
    code: 'skill_unavailable',
    detail: `No live worker offers the skill ${skill}.`,
  };
  await recorder.record(
    stepChange(notStarted(key, skill, failure, until), {
      key,
      skill,
      skillVersion: before?.skillVersion ?? '',
      effect: before?.effect ?? 'pure',
      attempt: before?.attempt ?? 0,
      ...(before?.inputHash && { inputHash: before.inputHash }),
      startedAt,
      status: 'waiting',
      wait: { for: 'retry', until, failure },
    }),
  );
}
