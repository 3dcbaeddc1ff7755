import type { Control } from '@aos/engine';
import type { Claim } from '@aos/store';

import { createBell } from './bell.ts';

export interface Pool {
  readonly inFlight: number;
  /** There may be work: look at once. */
  wake(): void;
  cancel(runUuid: string, by: string): void;
  /** Takes runs until `stop` or `lost`, then waits for those under way. */
  run(): Promise<void>;
}

export interface PoolOptions {
  readonly slots: number;
  readonly take: (max: number) => Promise<readonly Claim[]>;
  readonly advance: (claim: Claim, control: Control) => Promise<unknown>;
  readonly stop: AbortSignal;
  readonly hurry: AbortSignal;
  readonly lost: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** A notice can be lost; this is how long a job waits then. */
const POLL_MS = 1_000;
const ERROR_PAUSE_MS = 500;
/** Jobs taken in one transaction at the most: more would hold their rows too long. */
const TAKE_MAX = 100;

/** The slots of a worker: takes jobs as slots are free, and gives each run its control. */
export function createPool(options: PoolOptions): Pool {
  const { slots, stop, hurry, lost } = options;
  const flights = new Map<
    string,
    { readonly cancel: AbortController; readonly done: Promise<void> }
  >();
  const bell = createBell();

  const launch = (claim: Claim) => {
    const cancel = new AbortController();
    const control: Control = { cancel: cancel.signal, stop, hurry, lost };
    const done = options
      .advance(claim, control)
      .then(() => {}, options.onError)
      .finally(() => {
        flights.delete(claim.uuid);
        bell.ring();
      });
    flights.set(claim.uuid, { cancel, done });
  };

  stop.addEventListener('abort', bell.ring, { signal: lost });
  lost.addEventListener('abort', bell.ring);

  /** A few free slots of many are not worth a transaction: they gather until a quarter is free. */
  const wanted = () => {
    const free = slots - flights.size;
    return free >= Math.min(slots / 4, TAKE_MAX) || flights.size === 0
      ? Math.min(free, TAKE_MAX)
      : 0;
  };

  return {
    get inFlight() {
      return flights.size;
    },
    wake: bell.ring,
    cancel: (runUuid, by) => flights.get(runUuid)?.cancel.abort(by),
    async run() {
      while (!stop.aborted && !lost.aborted) {
        const max = wanted();
        bell.hush();
        try {
          const claims = max > 0 ? await options.take(max) : [];
          for (const claim of claims) launch(claim);
          if (claims.length < max || max === 0) await bell.sleep(POLL_MS);
        } catch (error) {
          options.onError(error);
          await bell.sleep(ERROR_PAUSE_MS);
        }
      }
      await Promise.all([...flights.values()].map(({ done }) => done));
    },
  };
}
