import { ClaimLost, type Change, type RunEvent, type StepRecord } from '@aos/core';

import type { Ports } from './ports.ts';

/** Writes a run's facts, and remembers the state they make. */
export interface Recorder {
  readonly records: ReadonlyMap<string, StepRecord>;
  /** Whether the end of the run is committed. */
  readonly ended: boolean;
  /** Resolves once it is committed. */
  record(change: Change): Promise<void>;
  /** Written in order with the rest, without waiting for it. What goes wrong is told to `onError`. */
  note(change: Change): void;
  /** From now on a change after which nothing is left to do takes the end of the run along. */
  endWith(endAfter: EndAfter): void;
}

/** The end of the run, when these steps are the last ones; undefined when something is left to do. */
export type EndAfter = (steps: readonly StepRecord[]) => Change | undefined;

export function createRecorder(
  ports: Ports,
  begun: readonly StepRecord[],
  onError: (error: unknown) => void,
): Recorder {
  const records = new Map(begun.map((record) => [record.key, record]));
  let endAfter: EndAfter | undefined;
  let ended = false;
  const apply = ({ steps, next }: Change) => {
    for (const step of steps ?? []) records.set(step.key, step);
    ended ||= next?.status === 'finished';
  };
  return {
    records,
    get ended() {
      return ended;
    },
    async record(change) {
      const end = change.next ? undefined : endAfter?.(change.steps ?? []);
      const whole = end ? { ...change, ...end, events: [...change.events, ...end.events] } : change;
      await ports.commit(whole);
      apply(whole);
    },
    note(change) {
      apply(change);
      void ports.commit(change).catch(onError);
    },
    endWith(next) {
      endAfter = next;
    },
  };
}

export function isClaimLost(error: unknown): boolean {
  return error instanceof ClaimLost;
}

/** A change of one step and the event that tells of it. */
export function stepChange(event: RunEvent, step: StepRecord): Change {
  return { events: [event], steps: [step] };
}
