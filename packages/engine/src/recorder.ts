import { ClaimLost, type Change, type RunEvent, type StepRecord } from '@aos/core';

import type { Ports } from './ports.ts';

/** Writes a run's facts, and remembers the state they make. */
export interface Recorder {
  readonly records: ReadonlyMap<string, StepRecord>;
  /** Resolves once it is committed. */
  record(change: Change): Promise<void>;
  /** Written in order with the rest, without waiting for it. What goes wrong is told to `onError`. */
  note(change: Change): void;
}

export function createRecorder(
  ports: Ports,
  begun: readonly StepRecord[],
  onError: (error: unknown) => void,
): Recorder {
  const records = new Map(begun.map((record) => [record.key, record]));
  const apply = ({ steps }: Change) => {
    for (const step of steps ?? []) records.set(step.key, step);
  };
  return {
    records,
    async record(change) {
      await ports.commit(change);
      apply(change);
    },
    note(change) {
      apply(change);
      void ports.commit(change).catch(onError);
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
