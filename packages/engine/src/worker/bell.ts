import type { Timekeeper } from './worker-ports.ts';

/** Lets a loop sleep until somebody rings, or some time has passed. A ring while it is awake is kept. */
export interface Bell {
  readonly ring: () => void;
  /** Rings up to now are forgotten; those from now on end the next sleep at once. */
  hush(): void;
  sleep(ms: number): Promise<void>;
}

/** A reason of our own: without one, every abort makes an exception with a stack. */
const RUNG = 'rung';

export function createBell(time: Pick<Timekeeper, 'sleep'>): Bell {
  let rung = false;
  let asleep: AbortController | undefined;
  return {
    ring() {
      rung = true;
      asleep?.abort(RUNG);
    },
    hush() {
      rung = false;
    },
    async sleep(ms) {
      if (rung) return;
      asleep = new AbortController();
      await time.sleep(ms, asleep.signal);
      asleep = undefined;
    },
  };
}
