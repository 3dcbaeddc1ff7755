import { AosError } from '@aos/core';
import { deadlock } from '@aos/testing';

import type { Process } from './machine.ts';
import type { World } from './world.ts';

/** The way of one process to the database. */
export interface Network {
  /**
   * One transaction. It may get lost on its way, stand without an answer, or be chosen to end a
   * deadlock; what was sent arrives although its sender died meanwhile.
   */
  readonly call: <T>(what: string, apply: () => T) => Promise<T>;
  cutUntil: number;
}

const RESET_MS = 30;
const TIMEOUT_MS = 8_000;

export function createNetwork(world: World, process: Process): Network {
  const { virtual, random, counts, odds } = world;
  const network: Network = {
    cutUntil: 0,
    call: (what, apply) =>
      new Promise((resolve, reject) => {
        // The dead ask nothing, and nobody waits for an answer.
        if (!process.alive) return;
        const fail = (error: Error, ms: number) => {
          process.after(ms, () => reject(error), 'arrival');
        };
        const cut = () => virtual.now() < network.cutUntil;
        const lose = () =>
          fail(lost(), cut() || random.chance(0.2) ? TIMEOUT_MS : random.between(1, RESET_MS));
        if (cut() || isLost(world)) {
          world.trace(() => `${process.name} ${what}: lost`);
          return lose();
        }
        virtual.after(latency(world), () => {
          if (virtual.now() < world.downUntil) return lose();
          if (world.isStormy() && odds.deadlock > 0 && random.chance(odds.deadlock)) {
            return fail(deadlock(), latency(world));
          }
          counts.storeCalls++;
          let answer: () => void;
          try {
            const given = apply();
            answer = () => resolve(given);
            world.trace(() => `${process.name} ${what} -> ${told(given)}`);
          } catch (error) {
            answer = () => reject(error);
            world.trace(() => `${process.name} ${what} -> ${String(error)}`);
          }
          if (cut() || isLost(world)) {
            world.trace(() => `${process.name} ${what}: answer lost`);
            return lose();
          }
          process.after(latency(world), answer, 'arrival');
        });
      }),
  };
  return network;
}

function lost(): AosError {
  return new AosError('database_unavailable', 'The database does not answer.');
}

function isLost({ odds, random, isStormy }: World): boolean {
  return odds.loss > 0 && isStormy() && random.chance(odds.loss);
}

/** Mostly quick, now and then slow. */
export function latency({ random }: World): number {
  return random.chance(0.03) ? random.between(20, 250) : 1 + random.next() * 4;
}

function told(given: unknown): string {
  if (given === undefined) return 'done';
  return JSON.stringify(given, (key, value: unknown) => (key === 'run' ? undefined : value));
}
