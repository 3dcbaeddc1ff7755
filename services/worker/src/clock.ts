import type { Clock, Timekeeper } from '@aos/engine';

/** A longer timer would overflow and fire at once. */
const TIMER_MAX_MS = 2_147_483_647;

export const clock: Clock & Timekeeper = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, Math.min(ms, TIMER_MAX_MS));
      signal.addEventListener('abort', over);
    }),
  after(ms, then) {
    const timer = setTimeout(then, Math.min(ms, TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};
