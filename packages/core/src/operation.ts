/** Many runs in one wish: run again, run again what failed, or cancel. */
export const operationKinds = ['rerun', 'redrive', 'cancel'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** `stopped`: by itself, since a canary did not pass. `aborted`: by somebody. */
export const operationStates = ['running', 'done', 'stopped', 'aborted'] as const;
export type OperationState = (typeof operationStates)[number];

/** What may be taken on at once, and how fast. */
export const OPERATION_ITEMS_MAX = 50_000;
export const OPERATION_RATE_MAX = 100;
export const OPERATION_RATE = 5;
export const CANARY_SIZE_MAX = 1_000;
/** One run, then five, then the rest. */
export const CANARY_STAGES: readonly number[] = [1, 5];
/** Redrives of one lineage; after that a person must look at the run itself. */
export const REDRIVES_MAX = 5;

/** Runs started in one commit, so that nothing holds rows for long. */
const START_MAX = 25;
/** Time that passed while nobody drove is not made up for at once. */
const BURST_MS = 1_000;
/** A canary that waits for a person may take a day. */
const CANARY_WAIT_MS_MAX = 24 * 3_600_000;
/** In the rest, a failure is a repeat when so many ended, and more than half of them in it. */
const REPEAT_MIN = 5;

/** How the runs of the present stage stand. */
export interface StageFacts {
  readonly started: number;
  readonly refused: number;
  readonly ended: number;
  readonly succeeded: number;
  /** Failed, with the fingerprint of the run they came from. */
  readonly failedSame: number;
  /** Of the newest start. */
  readonly lastStartedAt?: Date;
}

export interface OperationFacts {
  readonly canary: readonly number[];
  /** The place in `canary`; behind its end, the rest. */
  readonly stage: number;
  readonly ratePerSecond: number;
  /** When the next run may start. */
  readonly nextAt: Date;
  readonly pending: number;
  readonly inStage: StageFacts;
}

export type OperationMove =
  | { readonly do: 'start'; readonly count: number; readonly nextAt: Date }
  | { readonly do: 'next stage' }
  | { readonly do: 'finish' }
  | { readonly do: 'stop'; readonly why: string }
  | { readonly do: 'wait' };

/**
 * What an operation does next, with at most `startMax` runs begun. Pure, so that whoever drives it after a
 * crash decides the same.
 */
export function nextMove(facts: OperationFacts, now: Date, startMax = START_MAX): OperationMove {
  const size = facts.canary[facts.stage];
  return size === undefined
    ? restMove(facts, now, startMax)
    : canaryMove(facts, size, now, startMax);
}

function canaryMove(
  facts: OperationFacts,
  size: number,
  now: Date,
  startMax: number,
): OperationMove {
  const { inStage, pending, nextAt } = facts;
  const stage = `Canary stage ${facts.stage + 1}`;
  if (inStage.refused > 0) return { do: 'stop', why: `${stage}: a run could not be made.` };
  const bad = inStage.ended - inStage.succeeded;
  if (bad > 0) {
    const same = inStage.failedSame;
    const how = same > 0 ? `${same} failed as before` : `${bad} did not succeed`;
    return { do: 'stop', why: `${stage}: of ${inStage.started} runs ${how}.` };
  }
  if (inStage.started < size && pending > 0) {
    return { do: 'start', count: Math.min(size - inStage.started, pending, startMax), nextAt };
  }
  if (inStage.ended === inStage.started) {
    return pending > 0 ? { do: 'next stage' } : { do: 'finish' };
  }
  const waitedMs = now.getTime() - (inStage.lastStartedAt ?? now).getTime();
  return waitedMs > CANARY_WAIT_MS_MAX
    ? { do: 'stop', why: `${stage}: its runs have not ended within a day.` }
    : { do: 'wait' };
}

function restMove(
  { inStage, pending, ...facts }: OperationFacts,
  now: Date,
  startMax: number,
): OperationMove {
  const { failedSame, ended } = inStage;
  if (ended >= REPEAT_MIN && failedSame * 2 > ended) {
    return { do: 'stop', why: `${failedSame} of ${ended} runs that ended failed as before.` };
  }
  if (pending === 0) return { do: 'finish' };
  const everyMs = 1_000 / facts.ratePerSecond;
  const from = Math.max(facts.nextAt.getTime(), now.getTime() - BURST_MS);
  if (from > now.getTime()) return { do: 'wait' };
  const due = Math.floor((now.getTime() - from) / everyMs) + 1;
  const count = Math.min(due, pending, startMax);
  return { do: 'start', count, nextAt: new Date(from + count * everyMs) };
}
