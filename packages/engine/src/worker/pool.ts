import type { Control } from '../ports.ts';
import { createBell } from './bell.ts';
import type { Held, Timekeeper } from './worker-ports.ts';

export interface Pool {
  readonly inFlight: number;
  /** There may be work: look at once. */
  wake(): void;
  cancel(runUuid: string, by: string): void;
  /** Whether this very claim is being worked on. */
  has(held: Held): boolean;
  /** Takes runs until `stop` or `lost`, then waits for those under way. */
  run(): Promise<void>;
}

export interface PoolOptions<Claim extends Held> {
  readonly time: Pick<Timekeeper, 'sleep'>;
  readonly slots: number;
  /** Why nothing more may be taken now; a worker with nothing in hand takes one run all the same. */
  readonly mayTake?: () => string | undefined;
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

interface Flight {
  readonly epoch: number;
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

/** The slots of a worker: takes jobs as slots are free, and gives each run its control. */
export function createPool<Claim extends Held>(options: PoolOptions<Claim>): Pool {
  const { stop, hurry, lost } = options;
  const flights = new Set<Flight>();
  /** The newest flight of each run: one that just ended may still wait for its last answer. */
  const newest = new Map<string, Flight>();
  /** Wishes that were heard before the answer to the claim. */
  const early = new Map<string, string>();
  const bell = createBell(options.time);

  const launch = (claim: Claim) => {
    const cancel = new AbortController();
    const wish = early.get(claim.uuid);
    if (wish !== undefined) cancel.abort(wish);
    const control: Control = { cancel: cancel.signal, stop, hurry, lost };
    const done = options
      .advance(claim, control)
      .then(() => {}, options.onError)
      .finally(() => {
        flights.delete(flight);
        if (newest.get(claim.uuid) === flight) newest.delete(claim.uuid);
        bell.ring();
      });
    const flight: Flight = { epoch: claim.epoch, cancel, done };
    flights.add(flight);
    newest.set(claim.uuid, flight);
  };

  stop.addEventListener('abort', bell.ring, { signal: lost });
  lost.addEventListener('abort', bell.ring);

  return {
    get inFlight() {
      return flights.size;
    },
    wake: bell.ring,
    cancel(runUuid, by) {
      const flight = newest.get(runUuid);
      if (flight) flight.cancel.abort(by);
      else early.set(runUuid, by);
    },
    has: ({ uuid, epoch }) => newest.get(uuid)?.epoch === epoch,
    async run() {
      while (!stop.aborted && !lost.aborted) {
        const max = wanted(options, flights.size);
        bell.hush();
        try {
          const claims = max > 0 ? await options.take(max) : [];
          for (const claim of claims) launch(claim);
          early.clear();
          if (claims.length < max || max === 0) await bell.sleep(POLL_MS);
        } catch (error) {
          options.onError(error);
          await bell.sleep(ERROR_PAUSE_MS);
        }
      }
      await Promise.all([...flights].map(({ done }) => done));
    },
  };
}

/** A few free slots of many are not worth a transaction: they gather until a quarter is free. */
function wanted(
  { slots, mayTake }: Pick<PoolOptions<Held>, 'slots' | 'mayTake'>,
  inFlight: number,
): number {
  if (mayTake?.() !== undefined) return inFlight === 0 ? 1 : 0;
  const free = slots - inFlight;
  return free >= Math.min(slots / 4, TAKE_MAX) || inFlight === 0 ? Math.min(free, TAKE_MAX) : 0;
}
