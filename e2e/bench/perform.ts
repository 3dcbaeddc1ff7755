import type { Said } from './program.ts';

/** How long a piece of work took, and how much there was of it. */
export interface Report {
  readonly count: number;
  readonly seconds: number;
}

/**
 * The other end of `startProgram`: prepares, says that it is ready, works when told to go, and reports. It
 * stays until it is ended, so that what it used can be read; it goes with the bench at the latest.
 */
export async function perform<T>(prepare: () => Promise<() => Promise<T>>): Promise<void> {
  process.once('disconnect', () => process.exit(1));
  const stay = setInterval(() => {}, STAY_MS);
  try {
    const work = await prepare();
    const told = new Promise((resolve) => process.once('message', resolve));
    await say({ type: 'ready' });
    await told;
    await say({ type: 'done', report: await work() });
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    await say({ type: 'failed', reason });
    clearInterval(stay);
    process.exit(1);
  }
}

const STAY_MS = 60_000;

/** A program that only answers: it says where, and is ended by the bench. */
export function serve(port: number): Promise<void> {
  process.once('disconnect', () => process.exit(1));
  return say({ type: 'ready', port });
}

/** Works on `count` items in `lanes` loops, and times it. */
export async function timed(
  count: number,
  lanes: number,
  work: (item: number, lane: number) => Promise<void>,
): Promise<Report> {
  const startedAt = performance.now();
  let next = 0;
  const loop = async (lane: number) => {
    for (let item = next++; item < count; item = next++) await work(item, lane);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => loop(lane)));
  return { count, seconds: (performance.now() - startedAt) / 1000 };
}

function say(said: Said): Promise<void> {
  return new Promise((resolve) => process.send?.(said, () => resolve()));
}
