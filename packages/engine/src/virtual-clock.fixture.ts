/** Time that passes only when nothing else is left to do. */
import type { Clock } from './ports.ts';

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

export function virtualClock(): Clock & { skipTo(moment: Date): void } {
  let now = Date.UTC(2026, 0, 1);
  let timers: Timer[] = [];
  let pumping = false;

  const pump = () => {
    pumping = false;
    let next = timers[0];
    for (const timer of timers) if (next && timer.at < next.at) next = timer;
    if (!next) return;
    now = Math.max(now, next.at);
    next.ring();
    keepPumping();
  };
  // By then every promise that could go on has gone on.
  const keepPumping = () => {
    if (pumping) return;
    pumping = true;
    setImmediate(pump);
  };

  return {
    now: () => new Date(now),
    after(ms, then) {
      const timer: Timer = {
        at: now + Math.max(0, ms),
        ring() {
          timers = timers.filter((one) => one !== timer);
          then();
        },
      };
      timers.push(timer);
      keepPumping();
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    skipTo(moment) {
      now = Math.max(now, moment.getTime());
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const ring = () => {
          timers = timers.filter((one) => one !== timer);
          signal.removeEventListener('abort', ring);
          resolve();
        };
        const timer: Timer = { at: now + Math.max(0, ms), ring };
        timers.push(timer);
        signal.addEventListener('abort', ring);
        keepPumping();
      }),
  };
}
