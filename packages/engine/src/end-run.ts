import type { Failure, RunEvent, StepRecord, WaitingFor } from '@aos/core';

import type { Advance } from './advance.ts';
import { isUnrepeatable } from './attempt.ts';
import { closed } from './close-step.ts';
import type { Ending } from './ports.ts';

export type Finish =
  | { readonly outcome: 'succeeded' }
  | { readonly outcome: 'failed'; readonly failure: Failure }
  | { readonly outcome: 'cancelled'; readonly by: string };

/** The last commit of a run: its outcome, and an end for every step that was left in the middle. */
export async function finish(advance: Advance, how: Finish): Promise<Ending> {
  const { ports, run, recorder } = advance;
  const now = ports.clock.now();
  const event: RunEvent = {
    type: 'run.finished',
    // The start was taken from the clock of the database.
    durationMs: Math.max(0, now.getTime() - run.startedAt.getTime()),
    ...how,
  };
  ports.failpoint('before_finish');
  await recorder.record({
    events: [event],
    steps: leftOver(recorder.records, how, now),
    next: {
      status: 'finished',
      outcome: how.outcome,
      ...(how.outcome === 'failed' && { failureCode: how.failure.code }),
    },
  });
  ports.failpoint('after_finish');
  return 'finished';
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
  const pausedSkills = skills.length > 0 && { pausedSkills: skills };
  await advance.recorder.record({
    events: [
      {
        type: 'run.waiting',
        waitingFor,
        ...(until && { until: until.toISOString() }),
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
  return causes.has('review') ? 'review' : causes.has('approval') ? 'approval' : 'retry';
}
