import { AosError, failureOf, type ClaimedRun, type Failure, type Outcome } from '@aos/core';

import type { Advance } from './advance.ts';
import { endAfterLast, finish, park, release, rest } from './end-run.ts';
import { isDone, movesOf, prepare, type Situation, type Unit } from './moves.ts';
import { planRun } from './plan-run.ts';
import type { Control, Ending, Ports } from './ports.ts';
import { createRecorder, isClaimLost } from './recorder.ts';
import { runUnit } from './run-unit.ts';
import { settleMove } from './settle-move.ts';
import { stopOf, stopSignals, type Stop } from './stop.ts';
import { alwaysClear } from './targets.ts';
import { earliestWake, isBlocked } from './waits.ts';

/** Steps of one run under way at a time; the rest wait their turn. */
const PARALLEL_MAX = 32;
/** A reason of our own: without one, every abort makes an exception with a stack. */
const DONE = 'done';
/** A wait this short is sat out; a longer one gives the slot free. */
const SIT_OUT_MS = 2_000;

/**
 * Advances a claimed run as far as it can go now. All progress stands in the journal, so calling it
 * again after a crash, with the run claimed anew, does only what is left. Rejects never: whatever goes
 * wrong ends in one of the endings.
 */
export async function advanceRun(ports: Ports, run: ClaimedRun, control: Control): Promise<Ending> {
  const failed = new AbortController();
  using signals = stopSignals(ports.clock, run, control, failed.signal);
  const recorder = createRecorder(ports, run.steps, (error) => failed.abort(error));
  const isSkillPaused = control.isSkillPaused ?? (() => false);
  const advance: Advance = { ports, run, recorder, abort: signals.abort, isSkillPaused };
  try {
    ports.failpoint('after_claim');
    recorder.note({
      events: [{ type: 'run.started', workerId: run.workerId, epoch: run.epoch }],
    });
    const stopNow = () => stopOf(run, control, failed.signal, ports.clock);
    return await pursue(advance, stopNow, (error) => failed.abort(error));
  } catch (error) {
    if (isClaimLost(error) || control.lost.aborted) return 'lost';
    failed.abort(error);
    return await giveUp(advance, error);
  }
}

async function pursue(
  advance: Advance,
  stopNow: () => Stop | undefined,
  fail: (error: unknown) => void,
): Promise<Ending> {
  const { ports, run, recorder, abort } = advance;
  const early = stopNow();
  if (early) return end(advance, early);
  const planning = run.plan ?? (await planRun(advance));
  if ('ending' in planning) return planning.ending;
  const afterPlanning = stopNow();
  if (afterPlanning) return end(advance, afterPlanning);
  if ('cut' in planning) throw new Error('Planning was cut without a reason to stop.');

  const prepared = prepare(planning.plan);
  recorder.endWith(endAfterLast(advance, planning.plan, () => stopNow() !== undefined));
  const active = new Map<string, Promise<void>>();
  const start = (unit: Unit) => {
    const task = runUnit(advance, unit)
      .catch(fail)
      .finally(() => active.delete(unit.key));
    active.set(unit.key, task);
  };

  // Bounded: every pass settles or starts something, waits for what is active, or returns.
  for (;;) {
    if (recorder.ended) return ended(advance);
    const now = ports.clock.now();
    const situation: Situation = {
      prepared,
      records: recorder.records,
      input: run.goal.input,
      active: new Set(active.keys()),
      isBlocked: (record) => isBlocked(record, run, now, ports.targets ?? alwaysClear),
    };
    const stop = stopNow();
    const fatal = fatalOf(situation);
    const held = new Set<string>();
    const step = { advance, situation, start, stopNow, held };
    if (!stop && !fatal && (await makeMoves(step))) continue;
    const until = earliestWake(recorder.records, now);
    if (active.size > 0) {
      await change(advance, [...active.values()], until);
      continue;
    }
    if (stop) return end(advance, stop);
    if (fatal) return finish(advance, { outcome: 'failed', failure: fatal });
    if (isDone(situation)) return finish(advance, { outcome: 'succeeded' });
    const waitMs = until ? until.getTime() - now.getTime() : Infinity;
    if (waitMs > SIT_OUT_MS) return park(advance, until, held);
    await ports.clock.sleep(waitMs, abort);
  }
}

/** The last checkpoint took the end along. */
function ended({ ports }: Advance): Ending {
  ports.failpoint('after_finish');
  return 'finished';
}

/**
 * Makes every move there is room for; false when there was none. `held` collects the paused skills of
 * the moves that were not made for their sake.
 */
async function makeMoves({
  advance,
  situation,
  start,
  stopNow,
  held,
}: {
  readonly advance: Advance;
  readonly situation: Situation;
  readonly start: (unit: Unit) => void;
  readonly stopNow: () => Stop | undefined;
  readonly held: Set<string>;
}): Promise<boolean> {
  let room = PARALLEL_MAX - situation.active.size;
  let made = false;
  let decided = false;
  for (const move of movesOf(situation)) {
    if (stopNow()) return true;
    if (move.do === 'start' && advance.isSkillPaused(move.unit.step.skill)) {
      held.add(move.unit.step.skill);
      continue;
    }
    if (move.do === 'start' && room-- <= 0) continue;
    made = true;
    decided ||= (move.do === 'start' ? move.unit.step : move.step).when !== undefined;
    if (move.do === 'start') start(move.unit);
    else await settleMove(advance, move);
  }
  // Deciding conditions kept everybody else waiting: leases must be renewed, others want to go on.
  if (decided) await advance.ports.clock.sleep(0, advance.abort);
  return made;
}

/** While steps are under way: until one of them settles, or a waiting one may start. */
async function change(
  { ports }: Advance,
  active: readonly Promise<void>[],
  until: Date | undefined,
): Promise<void> {
  if (!until) {
    await Promise.race(active);
    return;
  }
  const settled = new AbortController();
  const ms = Math.max(1, until.getTime() - ports.clock.now().getTime());
  await Promise.race([...active, ports.clock.sleep(ms, settled.signal)]);
  settled.abort(DONE);
}

/** The failure of a step that its plan does not forgive. */
function fatalOf({ prepared, records }: Situation): Failure | undefined {
  for (const step of prepared.plan.steps) {
    const record = records.get(step.key);
    if (record?.status === 'failed' && (step.onError ?? 'fail') === 'fail') return record.failure;
  }
  return undefined;
}

async function end(advance: Advance, stop: Stop): Promise<Ending> {
  switch (stop.kind) {
    case 'lost':
      return 'lost';
    case 'error':
      throw stop.error;
    case 'paused':
      return rest(advance, stop.by);
    case 'stopping':
      return release(advance);
    case 'cancelled':
      return finish(advance, { outcome: 'cancelled', by: stop.by });
    case 'failed':
      return finish(advance, { outcome: 'failed', failure: stop.failure });
  }
}

/** An error nobody expected ends this run, with a fact, and no other. */
async function giveUp(advance: Advance, error: unknown): Promise<Ending> {
  const outcome: Outcome = 'failed';
  try {
    return await finish(advance, { outcome, failure: failureOf(error) });
  } catch (again) {
    if (isClaimLost(again) || again instanceof AosError) return 'lost';
    throw again;
  }
}
