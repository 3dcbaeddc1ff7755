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
  type SkillManifest,
  type SkillResult,
  type StepRecord,
} from '@aos/core';

import { mayStart } from './ask-human.ts';
import type { Advance } from './advance.ts';
import { fallbackOf, isUnrepeatable, notStarted, recordOf, type Attempt } from './attempt.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import type { Unit } from './moves.ts';
import { stepChange } from './recorder.ts';
import { settleAttempt } from './settle-attempt.ts';

/** A step that is pure or reads is announced once it takes this long, so that people see it. */
const ANNOUNCE_AFTER_MS = 100;
/** A reason of our own: without one, every abort makes an exception with a stack. */
const DONE = 'done';
/** No live code for the skill here; another worker may have it, or a newer one soon. */
const UNAVAILABLE_RETRY_MS = 5_000;

/**
 * Executes one attempt of a step: the input from the plan and earlier outputs, a human's leave where
 * one is needed, the intent on record before an effect, the skill, the checkpoint. Resolves when the
 * attempt and its consequence are committed, or when it was cut and left for the next claim.
 */
export async function runUnit(advance: Advance, unit: Unit): Promise<void> {
  const { ports, recorder } = advance;
  const before = recorder.records.get(unit.key);
  const manifest = ports.skills.manifest(unit.step.skill);
  if (!manifest) return waitForSkill(advance, unit, before);

  let input: JsonObject;
  try {
    input = resolve(unit.step.input, unit.scope) as JsonObject;
  } catch (error) {
    if (!(error instanceof AosError)) throw error;
    return failBeforeStart(advance, unit, manifest, failureOf(error));
  }
  const effect = effectOf(manifest, input);
  const careful = needsIntent(effect) || unit.step.approval !== undefined;
  const attempt: Attempt = {
    unit,
    manifest,
    input,
    effect,
    number: (before?.attempt ?? 0) + 1,
    startedAt: ports.clock.now(),
    ...(careful && { inputHash: hashJson(input) }),
  };
  if (careful && !(await mayStart(advance, attempt, before))) return;
  await make(advance, attempt);
}

async function make(advance: Advance, attempt: Attempt): Promise<void> {
  const { ports, recorder, abort } = advance;
  const { step } = attempt.unit;
  const over = new AbortController();
  if (needsIntent(attempt.effect)) {
    await recorder.record(startOf(attempt));
    ports.failpoint('after_intent');
  } else {
    announce(advance, attempt, over.signal);
  }
  let result: SkillResult;
  try {
    const call = ports.skills.execute(
      {
        tenant: advance.run.tenant,
        runId: advance.run.id,
        stepKey: attempt.unit.key,
        attempt: attempt.number,
        agent: advance.run.agent.name,
        skill: step.skill,
        input: attempt.input,
        idempotencyKey: idempotencyKeyOf(advance.run.id, attempt.unit.key),
      },
      { signal: abort, timeoutMs: step.timeoutMs ?? attempt.manifest.limits.timeoutMs },
    );
    ports.failpoint('during_skill');
    result = await call;
  } finally {
    over.abort(DONE);
  }
  ports.failpoint('before_checkpoint');
  await settleAttempt(advance, attempt, result);
  ports.failpoint('after_checkpoint');
}

/** The event and the record of an attempt that begins. */
function startOf(attempt: Attempt): Change {
  const { unit, manifest, effect, number, startedAt } = attempt;
  return stepChange(
    { type: 'step.started', step: unit.key, skill: manifest.name, attempt: number, effect },
    recordOf(attempt, { status: 'started' }, { startedAt }),
  );
}

function announce({ ports, recorder }: Advance, attempt: Attempt, over: AbortSignal): void {
  void ports.clock.sleep(ANNOUNCE_AFTER_MS, over).then(() => {
    if (!over.aborted) recorder.note(startOf(attempt));
  });
}

async function failBeforeStart(
  { ports, recorder }: Advance,
  unit: Unit,
  manifest: SkillManifest,
  failure: Failure,
): Promise<void> {
  const startedAt = ports.clock.now();
  const { effect } = manifest;
  const none: Attempt = { unit, manifest, input: {}, effect, number: 0, startedAt };
  await recorder.record(
    stepChange(
      notStarted(unit.key, manifest.name, failure),
      recordOf(
        none,
        { status: 'failed', failure, ...fallbackOf(unit.step) },
        { startedAt, finishedAt: startedAt },
      ),
    ),
  );
}

/** Uses up no attempt: nothing was tried. */
async function waitForSkill(
  { ports, recorder, abort }: Advance,
  { key, step }: Unit,
  before: StepRecord | undefined,
): Promise<void> {
  const { skill } = step;
  if (before?.status === 'started' && isUnrepeatable(before.effect)) {
    // The record that an effect may have happened must stand until somebody can judge it.
    return ports.clock.sleep(UNAVAILABLE_RETRY_MS, abort);
  }
  const until = new Date(ports.clock.now().getTime() + UNAVAILABLE_RETRY_MS);
  const failure: Failure = {
    code: 'skill_unavailable',
    detail: `No live worker offers the skill ${skill}.`,
  };
  const known = before ?? { skillVersion: '', effect: 'pure', attempt: 0 };
  await recorder.record(
    stepChange(notStarted(key, skill, failure, until), {
      key,
      skill,
      skillVersion: known.skillVersion,
      effect: known.effect,
      attempt: known.attempt,
      status: 'waiting',
      wait: { for: 'retry', until, failure },
    }),
  );
}
