import {
  isSettled,
  type Change,
  type Failure,
  type Plan,
  type RunEvent,
  type StepRecord,
  type WaitingFor,
} from '@aos/core';

import type { Advance } from './advance.ts';
import { isUnrepeatable } from './attempt.ts';
import { closed } from './close-step.ts';
import type { Ending } from './ports.ts';
import type { EndAfter } from './recorder.ts';

export type Finish =
  | { readonly outcome: 'succeeded' }
  | { readonly outcome: 'failed'; readonly failure: Failure }
  | { readonly outcome: 'cancelled'; readonly by: string };

/** The last commit of a run: its outcome, and an end for every step that was left in the middle. */
export async function finish(advance: Advance, how: Finish): Promise<Ending> {
  const { ports, recorder } = advance;
  const now = ports.clock.now();
  ports.failpoint('before_finish');
  await recorder.record({
    ...endOf(advance, how, now),
    steps: leftOver(recorder.records, how, now),
  });
  ports.failpoint('after_finish');
  return 'finished';
}

/**
 * The end that a run's last checkpoint takes along, so that a run which succeeds needs no commit of its own
 * for it. Nothing when a step is still to be settled, when one failed that the plan does not forgive, or
 * when there is a reason to stop.
 */
export function endAfterLast(advance: Advance, plan: Plan, stops: () => boolean): EndAfter {
  const { ports, recorder } = advance;
  return (steps) => {
    const now = new Map(steps.map((step) => [step.key, step]));
    const over = plan.steps.every(({ key, onError = 'fail' }) => {
      const record = now.get(key) ?? recorder.records.get(key);
      return isSettled(record) && !(record?.status === 'failed' && onError === 'fail');
    });
    if (!over || stops()) return undefined;
    ports.failpoint('before_finish');
    return endOf(advance, { outcome: 'succeeded' }, ports.clock.now());
  };
}

function endOf({ run }: Advance, how: Finish, now: Date): Pick<Change, 'events' | 'next'> {
  const event: RunEvent = {
    type: 'run.finished',
    // The start was taken from the clock of the database.
    durationMs: Math.max(0, now.getTime() - run.startedAt.getTime()),
    ...how,
  };
  return {
    events: [event],
    next: {
      status: 'finished',
      outcome: how.outcome,
      ...(how.outcome === 'failed' && { failureCode: how.failure.code }),
    },
  };
}

/**
 * Leaves the run until its time comes, or somebody decides; a deadline wakes it all the same. `held` are
 * paused skills that keep steps from starting: when one of them may be used again, the run goes on.
 */
export async function park(
  advance: Advance,
  wake: Date | undefined,
  held: ReadonlySet<string>,
): Promise<Ending> {
  const skills = [...held];
  const waitingFor = skills.length > 0 ? 'pause' : causeOf(advance.recorder.records);
  const until = untilOf(advance, wake);
  // What is out may be back at any time: its own event tells when it is tried.
  const told = waitingFor === 'target' ? advance.run.deadlineAt : until;
  const pausedSkills = skills.length > 0 && { pausedSkills: skills };
  await advance.recorder.record({
    events: [
      {
        type: 'run.waiting',
        waitingFor,
        ...(told && { until: told.toISOString() }),
        ...(skills.length > 0 && { skills }),
      },
    ],
    next: { status: 'waiting', waitingFor, ...(until && { wakeAt: until }), ...pausedSkills },
  });
  return 'waiting';
}

/** Leaves the run until it is resumed; its deadline wakes it all the same. No attempt is used up. */
export async function rest(advance: Advance, by: string): Promise<Ending> {
  const until = untilOf(advance, undefined);
  await advance.recorder.record({
    events: [
      {
        type: 'run.waiting',
        waitingFor: 'pause',
        ...(until && { until: until.toISOString() }),
        by,
      },
    ],
    next: { status: 'waiting', waitingFor: 'pause', ...(until && { wakeAt: until }) },
  });
  return 'waiting';
}

function untilOf({ run: { deadlineAt } }: Advance, wake: Date | undefined): Date | undefined {
  return deadlineAt && (!wake || deadlineAt < wake) ? deadlineAt : wake;
}

/** Gives the run back to the queue, unharmed. */
export async function release(advance: Advance): Promise<Ending> {
  const { ports, run, recorder } = advance;
  await recorder.record({
    events: [{ type: 'run.released', workerId: run.workerId }],
    steps: unharmed(recorder.records, ports.clock.now()),
    next: { status: 'queued' },
  });
  return 'released';
}

/** Steps that were cut and may be repeated: the attempt they began does not count. */
function unharmed(records: ReadonlyMap<string, StepRecord>, now: Date): readonly StepRecord[] {
  const failure: Failure = { code: 'not_ready', detail: 'The worker stopped.' };
  return [...records.values()].flatMap((record): StepRecord[] => {
    if (record.status !== 'started' || isUnrepeatable(record.effect)) return [];
    const { status: _status, ...kept } = record;
    const wait = { for: 'retry', until: now, failure } as const;
    return [{ ...kept, attempt: record.attempt - 1, status: 'waiting', wait }];
  });
}

/** A finished run has no step under way: what was cut says so. */
function leftOver(
  records: ReadonlyMap<string, StepRecord>,
  how: Finish,
  now: Date,
): readonly StepRecord[] {
  const detail =
    how.outcome === 'cancelled' ? `Cancelled by ${how.by}.` : 'The run ended before this step did.';
  return closed(records.values(), { code: 'cancelled', detail }, now);
}

function causeOf(records: ReadonlyMap<string, StepRecord>): WaitingFor {
  const causes = new Set<WaitingFor>();
  for (const record of records.values()) {
    if (record.status === 'waiting') causes.add(record.wait.for);
  }
  if (causes.size === 0) throw new Error('Nothing can move, and nothing is waited for.');
  // What a person must do is told before what passes by itself.
  const order = ['review', 'approval', 'target'] as const;
  return order.find((cause) => causes.has(cause)) ?? 'retry';
}
