import { setTimeout as sleep } from 'node:timers/promises';

import { failpoints, type Failpoint } from '@aos/engine';

import type { Blow, Fault } from '../fault.ts';
import type { Member } from '../fleet.ts';
import { busyPids, heldBy } from '../held.ts';
import type { World } from '../world.ts';

/** Nobody has time to say goodbye. */
export const killWorker: Fault = {
  name: 'kill-worker',
  strike: (world) => signalOne(world, 'worker', 'SIGKILL'),
};

export const killApi: Fault = {
  name: 'kill-api',
  strike: (world) => signalOne(world, 'api', 'SIGKILL'),
};

/** A deploy: whoever is told to stop hands back what it holds, and another one comes. */
export const roll: Fault = {
  name: 'roll',
  async strike(world) {
    const blow = await signalOne(world, 'worker', 'SIGTERM');
    await signalOne(world, 'api', 'SIGTERM');
    await sleep(1_000);
    return blow;
  },
};

/** A worker stands still for less or for longer than its lease, and wakes up believing in it. */
export const pauseWorker: Fault = {
  name: 'pause-worker',
  strike: (world) => pause(world, 'worker', world.random.pick([1_000, 5_500, 7_000])),
};

export const pauseApi: Fault = {
  name: 'pause-api',
  strike: (world) => pause(world, 'api', world.random.between(500, 2_500)),
};

/** It has to start first, on a machine that may be busy. */
const FAIL_WITHIN_MS = 15_000;
const LOOK_MS = 10;

/** A worker that dies exactly there: between two commits, before or after an effect. */
export function failpointAt(point: Failpoint): Fault {
  return { name: `fail-${point}`, strike: (world) => failAt(world, point) };
}

export const failpoint: Fault = {
  name: 'failpoint',
  strike: (world) => failAt(world, world.random.pick(failpoints)),
};

/** Undefined when it lived, since nothing came to that point. */
async function failAt(world: World, point: Failpoint): Promise<Blow | undefined> {
  const doomed = await world.fleet.once(
    await world.place('worker', { env: { AOS_FAIL_AT: point } }),
  );
  const end = { at: 0 };
  void doomed.exited.then(() => (end.at = Date.now()));
  // It is looked at while it lives: once it is dead, its runs are in other hands soon.
  let held: Blow['held'] = [];
  for (const until = Date.now() + FAIL_WITHIN_MS; end.at === 0 && Date.now() < until;) {
    await sleep(LOOK_MS);
    const now = await heldBy(world, [doomed.pid]);
    if (now.length > 0) held = now;
  }
  if (end.at > 0) return { at: end.at, held };
  doomed.kill('SIGTERM');
  await doomed.exited;
  return undefined;
}

async function signalOne(
  world: World,
  kind: Member['kind'],
  signal: NodeJS.Signals,
): Promise<Blow | undefined> {
  const member = await one(world, kind);
  if (!member) return undefined;
  const held = await heldBy(world, [member.process.pid]);
  const at = Date.now();
  member.process.kill(signal);
  return { at, held };
}

async function pause(world: World, kind: Member['kind'], ms: number): Promise<Blow | undefined> {
  const member = await one(world, kind);
  if (!member) return undefined;
  const held = await heldBy(world, [member.process.pid]);
  const at = Date.now();
  member.process.kill('SIGSTOP');
  member.paused = true;
  await sleep(ms);
  member.process.kill('SIGCONT');
  member.paused = false;
  return { at, held };
}

/** One that holds runs, if there is one: a blow at nobody proves nothing. */
async function one(world: World, kind: Member['kind']): Promise<Member | undefined> {
  const those = world.fleet.members(kind).filter(({ paused }) => !paused);
  const busy = kind === 'worker' ? await busyPids(world) : new Set<number>();
  const best = those.filter(({ process }) => busy.has(process.pid));
  const from = best.length > 0 ? best : those;
  return from.length > 0 ? world.random.pick(from) : undefined;
}
