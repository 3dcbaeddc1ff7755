import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';

import { perform, type Report } from './perform.ts';
import { STEPS } from './workload.ts';

/** What every library that is compared must be able to do; a program of it is `play(open)`. */
export interface Player {
  /** Stores so many workflows, the way its makers store many. */
  load(count: number): Promise<void>;
  /** Begins to work. */
  start(): Promise<void>;
  /** Nothing is stored that is not done. */
  isOver(): Promise<boolean>;
  /** Stores one workflow, like a request would; the answer tells whether it is done. */
  submit(): Promise<() => Promise<boolean>>;
}

/** Told by the library's handlers. */
export interface Clock {
  /** So many steps run. */
  tick(steps?: number): void;
}

/**
 * `drain`: stored before, then worked on; from the first step to the last end. `live`: stored and worked on
 * at once; from the first request to the last end. `idle`: one after the other.
 */
export type Mode = 'drain' | 'live' | 'idle';

/** Milliseconds of each workflow, from just before it was submitted. */
export interface IdleTimes {
  readonly answered: readonly number[];
  readonly firstStep: readonly number[];
  readonly completed: readonly number[];
}

const LIMIT_MS = 300_000;
const LOOK_EVERY_MS = 50;
/** Done before the first one counts: code that has never run is compiled then. */
export const WARM_UP = 20;
export const IDLE_LOOK_EVERY_MS = 1;
export const REST_MS = 20;

/** The program of a library: `<url> <mode> <count>` on its command line. */
export async function play(
  open: (url: string, clock: Clock, mode: Mode) => Promise<Player>,
): Promise<void> {
  const [url = '', mode, total] = process.argv.slice(2);
  const count = Number(total);
  const clock = createClock();
  return perform<Report | IdleTimes>(async () => {
    const player = await open(url, clock, mode as Mode);
    switch (mode as Mode) {
      case 'drain':
        await player.load(count);
        return async () => {
          await player.start();
          await untilOver(player, clock, count);
          return { count, seconds: (performance.now() - clock.firstAt()) / 1000 };
        };
      case 'live':
        return async () => {
          const begunAt = performance.now();
          await Promise.all([player.start(), player.load(count)]);
          await untilOver(player, clock, count);
          return { count, seconds: (performance.now() - begunAt) / 1000 };
        };
      case 'idle':
        await player.start();
        await oneByOne(player, clock, WARM_UP);
        return () => oneByOne(player, clock, count);
    }
  });
}

interface CountingClock extends Clock {
  firstAt(): number;
  ticks(): number;
  reset(): void;
}

function createClock(): CountingClock {
  let firstAt = Number.NaN;
  let ticks = 0;
  return {
    tick(steps = 1) {
      if (ticks === 0) firstAt = performance.now();
      ticks += steps;
    },
    firstAt: () => firstAt,
    ticks: () => ticks,
    reset() {
      ticks = 0;
    },
  };
}

async function untilOver(player: Player, clock: CountingClock, count: number): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  const isDone = async () => clock.ticks() >= count * STEPS && (await player.isOver());
  while (!(await isDone())) {
    if (performance.now() > until) throw new Error(`Not done within ${LIMIT_MS} ms.`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function oneByOne(player: Player, clock: CountingClock, count: number): Promise<IdleTimes> {
  const times = { answered: [] as number[], firstStep: [] as number[], completed: [] as number[] };
  for (let n = 0; n < count; n++) {
    clock.reset();
    const begunAt = performance.now();
    const isDone = await player.submit();
    times.answered.push(performance.now() - begunAt);
    while (!(await isDone())) {
      if (performance.now() - begunAt > LIMIT_MS) throw new Error(`Not done in ${LIMIT_MS} ms.`);
      await sleep(IDLE_LOOK_EVERY_MS);
    }
    times.completed.push(performance.now() - begunAt);
    times.firstStep.push(clock.firstAt() - begunAt);
    await sleep(REST_MS);
  }
  return times;
}

/** Asks a database whether a statement finds a row. */
export async function openLook(
  url: string,
): Promise<(sql: string, values?: readonly unknown[]) => Promise<boolean>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return async (sql, values = []) => {
    const { rows } = await client.query({ name: sql.slice(0, 60), text: sql, values: [...values] });
    return rows.length > 0;
  };
}
