import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';

import type { Report } from './perform.ts';
import { STEPS } from './workload.ts';

const LOOK_EVERY_MS = 50;
const LIMIT_MS = 300_000;

/** Times a drain from its first step to the moment nothing is left, for programs that drive a library. */
export interface DrainClock {
  /** So many steps run. */
  tick(steps?: number): void;
  /** Waits until `isOver` says so; every step of `count` workflows must have run by then. */
  report(count: number, isOver: () => Promise<boolean> | boolean): Promise<Report>;
}

export function createDrainClock(): DrainClock {
  let startedAt: number | undefined;
  let ticks = 0;
  return {
    tick(steps = 1) {
      startedAt ??= performance.now();
      ticks += steps;
    },
    async report(count, isOver) {
      const until = performance.now() + LIMIT_MS;
      const isDone = async () => ticks >= count * STEPS && (await isOver());
      while (!(await isDone())) {
        if (performance.now() > until) throw new Error(`Not done within ${LIMIT_MS} ms.`);
        await sleep(LOOK_EVERY_MS);
      }
      return { count, seconds: (performance.now() - (startedAt ?? Number.NaN)) / 1000 };
    },
  };
}

/** Asks a database whether a statement finds no row. */
export async function openLook(url: string, sql: string): Promise<() => Promise<boolean>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return async () => (await client.query(sql)).rows.length === 0;
}
