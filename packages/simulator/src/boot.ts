import { AosError, type Change } from '@aos/core';
import {
  advanceRun,
  work,
  type Clock,
  type Ears,
  type Held,
  type Link,
  type Ports,
} from '@aos/engine';
import { createJournal, takeSurely, workers, type Claim, type Journal } from '@aos/store';

import { skillsOf } from './effects.ts';
import * as claims from './memory-claims.ts';
import { write } from './memory-journal.ts';
import * as rows from './memory-workers.ts';
import { createProcess, type Process } from './machine.ts';
import { createNetwork, latency, type Network } from './network.ts';
import { randomPlan } from './plans.ts';
import { count, type World } from './world.ts';

/** A worker's process on its machine, with the hands that faults take it by. */
export interface WorkerProcess {
  readonly process: Process;
  readonly network: Network;
  readonly stop: AbortController;
  readonly hurry: AbortController;
  /** The session that lives now, while there is one. */
  session: Session | undefined;
  /** Its whole host went: nobody closes its connections. */
  vanishes: boolean;
  /** Lets go of what a dead process holds in ours: its signals would be kept for ever. */
  bury: () => void;
  /** Resolves when the process has ended by itself. */
  readonly ended: Promise<void>;
  /** It works, and can reach the database. */
  isWell(): boolean;
}

export interface Session {
  readonly uuid: string;
  readonly ears: Ears;
  /** The server closed the connection: its lock is free. */
  readonly drop: () => void;
}

const SLOTS = 8;
const NOTICE_LOSS = 0.05;

/** Starts the real worker, with the real journal, on a network and an outside that are not. */
export function boot(world: World, name: string, skewMs: number): WorkerProcess {
  const process = createProcess(name, world.virtual, world.random, skewMs);
  const stop = new AbortController();
  const hurry = new AbortController();
  const network = createNetwork(world, process);
  const booted: Omit<WorkerProcess, 'ended'> = {
    isWell: () =>
      booted.session !== undefined &&
      process.alive &&
      !process.frozen &&
      world.virtual.now() > Math.max(network.cutUntil, world.downUntil),
    process,
    network,
    stop,
    hurry,
    session: undefined,
    vanishes: false,
    bury: () => {},
  };
  const journals = new WeakMap<Link<Claim>, Journal>();
  const ended = work<Claim>(
    {
      time: process.time,
      slots: SLOTS,
      lease: {
        leaseMs: workers.LEASE_MS,
        renewEveryMs: workers.RENEW_EVERY_MS,
        marginMs: workers.LEASE_MARGIN_MS,
      },
      async open(ears) {
        const { link, journal } = await open(world, booted, ears);
        journals.set(link, journal);
        return link;
      },
      async advance({ link, clock }, claim, control) {
        const flight: Held = { uuid: claim.uuid, epoch: claim.epoch };
        world.flights.add(flight);
        try {
          const ports = portsOf(world, process, journals.get(link) as Journal, clock, claim);
          return await advanceRun(ports, claim.run, control);
        } finally {
          world.flights.delete(flight);
        }
      },
      tell(news) {
        if (!process.alive) return;
        world.trace(() => `${name} tells ${news.what}`);
        if (news.what === 'forgotten' || news.what === 'strays')
          world.counts.backstops += news.runs;
        if (news.what === 'error' && isMistake(news.error)) {
          world.violations.push(`${name}: ${String((news.error as Error).stack ?? news.error)}`);
        }
      },
    },
    { stop: stop.signal, hurry: hurry.signal },
  );
  return Object.assign(booted, { ended });
}

/** Nothing but what the network does may go wrong. */
function isMistake(error: unknown): boolean {
  return !(error instanceof AosError) && (error as { code?: string }).code !== '40P01';
}

function portsOf(
  world: World,
  process: Process,
  journal: Journal,
  clock: Clock,
  claim: Claim,
): Ports {
  const { random } = world;
  return {
    clock,
    random: random.next,
    skills: skillsOf(world, process, claim),
    async plan() {
      await process.time.sleep(random.between(20, 800), new AbortController().signal);
      if (random.chance(0.2)) throw new AosError('target_overloaded', 'The model is busy.');
      return { plan: randomPlan(random) };
    },
    commit: (change: Change) => journal.commit(claim, change),
    failpoint() {
      if (!world.isStormy() || world.odds.calm || !random.chance(0.002)) return;
      count(world.counts.faults, 'failpoint');
      count(world.counts.hits, 'failpoint');
      process.kill();
    },
  };
}

async function open(
  world: World,
  booted: Omit<WorkerProcess, 'ended'>,
  ears: Ears,
): Promise<{ link: Link<Claim>; journal: Journal }> {
  const { tables, virtual, random } = world;
  const { process, network } = booted;
  const uuid = world.nextUuid('worker');
  booted.bury = ears.onCut;
  const lost = new AbortController();
  const drop = () => {
    const row = tables.workers.get(uuid);
    if (row) row.locked = false;
    if (booted.session?.uuid === uuid) booted.session = undefined;
  };
  const at = await network.call('register', () => {
    const now = rows.register(tables, uuid);
    booted.session = { uuid, ears, drop };
    return now;
  });
  const hear = (notice: string) => {
    if (booted.session?.uuid !== uuid || virtual.now() < network.cutUntil) return;
    if (world.isStormy() && random.chance(NOTICE_LOSS)) return;
    const tell = () => (notice.startsWith('cancel ') ? ears.onCancel() : ears.onWork());
    process.after(latency(world), tell, 'arrival');
  };
  world.listeners.add(hear);
  const journal = createJournal(
    (entries, _lane, sentBefore) =>
      network.call('commit', () => write(tables, uuid, entries, sentBefore)),
    { time: process.storeTime },
  );
  const link: Link<Claim> = {
    id: uuid,
    at,
    ...linkOf(world, network, process, uuid, lost.signal),
    cut() {
      lost.abort('lost');
      journal.abandon();
      world.listeners.delete(hear);
      if (!process.alive) return;
      // The server learns of it when it can.
      virtual.after(Math.max(latency(world), network.cutUntil - virtual.now()), drop);
    },
  };
  return { link, journal };
}

function linkOf(
  world: World,
  network: Network,
  process: Process,
  uuid: string,
  lost: AbortSignal,
): Omit<Link<Claim>, 'id' | 'at' | 'cut'> {
  const { tables } = world;
  const { call } = network;
  return {
    renew: () => call('renew', () => rows.renew(tables, uuid)),
    take: (max) =>
      takeSurely(
        {
          take: (found) =>
            call('take', () => {
              const taken = claims.take(tables, uuid, max);
              found(taken);
              for (const claim of taken) world.onClaim(claim.uuid, claim.epoch);
              return taken.map(nameOf);
            }).then(() => {}),
          epochs: () =>
            call('epochs', () => new Map(claims.holds(tables, uuid).map((h) => [h.uuid, h.epoch]))),
        },
        { lost, time: process.storeTime },
      ),
    holds: () => call('holds', () => claims.holds(tables, uuid)),
    letGo: (held, ms) => call('letGo', () => claims.letGo(tables, held, ms)),
    suspects: () => call('suspects', () => rows.suspects(tables, uuid)),
    rescue: (dead) => call('rescue', () => rows.rescue(tables, dead)),
    dispatchForgotten: () => call('forgotten', () => rows.dispatchForgotten(tables)),
    prune: () => Promise.resolve(),
    stopping: () => call('stopping', () => rows.stopping(tables, uuid)),
    stopped: () => call('stopped', () => rows.stopped(tables, uuid)),
  };
}

function nameOf({ uuid, epoch }: Held): string {
  return `${uuid} ${epoch}`;
}
