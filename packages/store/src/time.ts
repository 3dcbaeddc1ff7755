/** How the store learns the time and waits, where it does not leave that to the database. */
export interface Time {
  now(): Date;
  pause(ms: number): Promise<void>;
  /** Once whatever can go on now has gone on. */
  soon(work: () => void): void;
  /** From 0 up to 1. */
  random(): number;
}

export const systemTime: Time = {
  now: () => new Date(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  soon: (work) => void setImmediate(work),
  random: Math.random,
};
