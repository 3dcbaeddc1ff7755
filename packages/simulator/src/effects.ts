import {
  effectOf,
  needsIntent,
  type EffectClass,
  type SkillCall,
  type SkillManifest,
  type SkillResult,
} from '@aos/core';
import type { Skills } from '@aos/engine';
import type { Claim } from '@aos/store';
import { aManifest } from '@aos/testing';

import type { Process } from './machine.ts';
import { latency } from './network.ts';
import { age, type World } from './world.ts';

/** One call of a skill with what became of it outside; kept by the outside, whoever dies. */
export interface EffectRecord {
  readonly at: number;
  readonly uuid: string;
  readonly step: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly key: string;
  readonly effect: EffectClass;
  readonly input: unknown;
  /** Whether something changed outside: for a known key only the first time. */
  applied: boolean;
  /** What the process learned of it; nothing, if it died before. */
  outcome?: SkillResult['outcome'];
}

export const manifests: ReadonlyMap<string, SkillManifest> = new Map(
  (
    [
      ['echo', 'pure'],
      ['list', 'pure'],
      ['read', 'read'],
      ['send', 'keyed'],
      ['book', 'unkeyed'],
      ['sync', 'reconcilable'],
      ['refuse', 'keyed'],
    ] as const
  ).map(([name, effect]) => [name, aManifest({ name, effect, limits: LIMITS() })] as const),
);

function LIMITS() {
  return { timeoutMs: 3_000, timeoutMaxMs: 60_000, outputBytes: 1_000_000 };
}

/** What a step makes of its input: the same at each attempt, so that outputs can be compared. */
export function outputOf({
  skill,
  stepKey,
  input,
}: Pick<SkillCall, 'skill' | 'stepKey' | 'input'>) {
  return skill === 'list' ? [1, 2, 3].slice(0, (stepKey.length % 3) + 1) : { by: stepKey, input };
}

/** The skills of one claim in one process, on an outside that loses answers and refuses now and then. */
export function skillsOf(world: World, process: Process, claim: Claim): Skills {
  return {
    manifest: (name) => manifests.get(name),
    execute: (call, { signal, timeoutMs }) =>
      new Promise((resolve) => {
        if (!process.alive) return;
        if (signal.aborted) return resolve(failed('cancelled'));
        const record = begin(world, claim, call);
        perform(world, process, record, { call, signal, timeoutMs, resolve });
      }),
  };
}

/** Before anything goes out: whether it may. */
function begin(world: World, claim: Claim, call: SkillCall): EffectRecord {
  const manifest = manifests.get(call.skill);
  if (!manifest) throw new Error(`There is no skill ${call.skill}.`);
  const run = world.tables.runs.get(claim.uuid);
  const record: EffectRecord = {
    at: age(world),
    uuid: claim.uuid,
    step: call.stepKey,
    attempt: call.attempt,
    epoch: claim.epoch,
    key: call.idempotencyKey,
    effect: effectOf(manifest, call.input),
    input: call.input,
    applied: false,
  };
  world.effects.push(record);
  world.trace(() => `effect ${call.skill} of ${claim.uuid} ${call.stepKey}#${call.attempt}`);
  if (needsIntent(record.effect)) {
    const intended = run?.events.some(
      ({ event }) =>
        event.type === 'step.started' &&
        event.step === call.stepKey &&
        event.attempt === call.attempt,
    );
    if (!intended) world.violations.push(`I6 ${nameOf(record)}: an effect before its intent`);
  }
  const holder = world.tables.workers.get(claim.run.workerId.slice('wrk_'.length));
  if (run?.epoch !== claim.epoch) world.counts.staleEffects++;
  if (holder && holder.leaseUntil < world.virtual.now()) {
    world.violations.push(`I5 ${nameOf(record)}: begun after its worker's lease ran out`);
  }
  return record;
}

export function nameOf({ uuid, step, attempt, epoch }: EffectRecord): string {
  return `${uuid} ${step}#${attempt} (epoch ${epoch})`;
}

interface Performance {
  readonly call: SkillCall;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly resolve: (result: SkillResult) => void;
}

function perform(
  world: World,
  process: Process,
  record: EffectRecord,
  { call, signal, timeoutMs, resolve }: Performance,
): void {
  const { random, virtual } = world;
  let sent = false;
  const over = (result: SkillResult) => {
    signal.removeEventListener('abort', cut);
    timer.cancel();
    record.outcome = result.outcome;
    resolve(result);
  };
  const doubtful = () => sent && needsIntent(record.effect);
  const cut = () => over(doubtful() ? unknown() : failed('cancelled'));
  const timer = process.after(timeoutMs, () =>
    over(doubtful() ? unknown() : failed('target_timed_out')),
  );
  signal.addEventListener('abort', cut);
  // From here on the outside has it, whatever becomes of the process.
  process.after(latency(world), () => {
    sent = true;
    const refuses = call.skill === 'refuse' || random.chance(0.02);
    const fails = !refuses && random.chance(0.12);
    const silent = random.chance(0.03);
    virtual.after(latency(world), () => {
      if (!refuses && !fails) apply(world, record);
    });
    if (silent) return;
    const workMs = random.chance(0.3) ? random.between(500, 4_000) : random.between(1, 400);
    const result = refuses
      ? failed('target_refused')
      : fails
        ? failed('target_failed')
        : ({ outcome: 'completed', output: outputOf(call) } as const);
    process.after(workMs + latency(world), () => over(result), 'arrival');
  });
}

/** The other side knows the key of an effect that was done before. */
function apply({ effects }: World, record: EffectRecord): void {
  const known =
    record.effect === 'keyed' && effects.some(({ key, applied }) => applied && key === record.key);
  record.applied = !known;
}

function failed(code: 'cancelled' | 'target_failed' | 'target_refused' | 'target_timed_out') {
  return { outcome: 'failed', failure: { code, detail: `It is ${code}.` } } as const;
}

function unknown(): SkillResult {
  return {
    outcome: 'unknown',
    failure: { code: 'target_timed_out', detail: 'No answer came.' },
  };
}
