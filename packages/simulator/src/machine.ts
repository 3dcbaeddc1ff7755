import type { Timekeeper } from '@aos/engine';
import type { Time } from '@aos/store';

import type { Random } from './random.ts';
import type { Task, VirtualTime } from './virtual-time.ts';

/** One process: whatever it waits for waits with it when it is frozen, and is gone when it dies. */
export interface Process {
  readonly name: string;
  readonly alive: boolean;
  readonly frozen: boolean;
  /** As the process itself counts it. */
  readonly time: Timekeeper;
  /** What its wall clock makes of it. */
  readonly storeTime: Time;
  /** `timer`: a timer of its own; otherwise something that arrives. */
  after(ms: number, work: () => void, kind?: 'timer' | 'arrival'): Task;
  readonly kill: () => void;
  /** Told at once, however it died. */
  onDeath: () => void;
  readonly freeze: () => void;
  readonly thaw: () => void;
}

interface Due {
  readonly kind: 'timer' | 'arrival';
  work: (() => void) | undefined;
}

export function createProcess(
  name: string,
  virtual: VirtualTime,
  random: Random,
  skewMs: number,
): Process {
  let frozen = false;
  let backlog: Due[] = [];
  const started = virtual.now() - random.between(0, 1_000_000);
  const arrive = (due: Due) => {
    if (!process.alive) return;
    if (frozen) backlog.push(due);
    else due.work?.();
  };
  const after: Process['after'] = (ms, work, kind = 'timer') => {
    const due: Due = { kind, work };
    const task = virtual.after(ms, () => arrive(due));
    return {
      cancel() {
        due.work = undefined;
        task.cancel();
      },
    };
  };
  const process = {
    name,
    alive: true,
    get frozen() {
      return frozen;
    },
    time: {
      monotonicMs: () => virtual.now() - started,
      sleep: sleepOf(after),
      after: (ms: number, then: () => void) => after(ms, then).cancel,
    },
    storeTime: storeTimeOf(after, () => new Date(virtual.now() + skewMs), random),
    after,
    onDeath: () => {},
    kill() {
      if (!process.alive) return;
      process.alive = false;
      backlog = [];
      process.onDeath();
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      // As Node does: what is due first, then what has arrived.
      const timers = backlog.filter(({ kind }) => kind === 'timer');
      const arrived = backlog.filter(({ kind }) => kind === 'arrival');
      backlog = [];
      for (const due of [...timers, ...arrived]) virtual.after(0, () => arrive(due));
    },
  };
  return process;
}

function storeTimeOf(after: Process['after'], now: () => Date, random: Random): Time {
  return {
    now,
    pause: (ms) => new Promise((resolve) => void after(ms, resolve)),
    soon: (work) => void after(0, work),
    random: random.next,
  };
}

function sleepOf(after: Process['after']): Timekeeper['sleep'] {
  return (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const over = () => {
        task.cancel();
        signal.removeEventListener('abort', over);
        resolve();
      };
      const task = after(ms, over);
      signal.addEventListener('abort', over);
    });
}
