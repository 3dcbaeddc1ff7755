import { setTimeout as sleep } from 'node:timers/promises';

import { failpoints } from '@aos/engine';

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

/** A worker that dies exactly there: between two commits, before or after an effect. */
export const failpoint: Fault = {
  name: 'failpoint',
  async strike(world) {
    const name = world.random.pick(failpoints);
    const place = await world.place('worker', { env: { AOS_FAIL_AT: name } });
    const doomed = await world.fleet.once(place);
    const died = await Promise.race([doomed.exited, sleep(8_000, undefined)]);
    if (!died) doomed.kill('SIGKILL');
    return { at: Date.now(), held: await heldBy(world, [doomed.pid]) };
  },
};

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
