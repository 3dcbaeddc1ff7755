import { AosError } from '@aos/core';

import * as store from './memory-people.ts';
import { createProcess } from './machine.ts';
import { createNetwork, type Network } from './network.ts';
import { randomPlan } from './plans.ts';
import type { World } from './world.ts';

const AGAIN_MS = 300;
const SUBMIT_WITHIN_MS = 13_000;
const LOOK_EVERY_MS = 700;

/** Those who ask for runs, cancel them and decide: they try until they are answered. */
export function startPeople(world: World, hurryUp: () => boolean): { busy(): boolean } {
  const { virtual, random, odds } = world;
  const process = createProcess('people', virtual, random, 0);
  const network = createNetwork(world, process);
  let open = 0;
  const later = (ms: number, work: () => Promise<void>) => {
    open++;
    virtual.after(ms, () => void work().finally(() => open--));
  };
  const patiently = async <T>(what: string, work: () => T): Promise<T> => {
    for (;;) {
      try {
        return await network.call(what, work);
      } catch (error) {
        if (error instanceof AosError && error.code !== 'database_unavailable') throw error;
        await process.storeTime.pause(AGAIN_MS);
      }
    }
  };
  for (let nth = 0; nth < odds.runs; nth++) {
    later(random.between(0, SUBMIT_WITHIN_MS), async () => {
      const uuid = await submit(world, network, patiently, nth);
      if (!random.chance(0.2)) return;
      later(random.between(0, 12_000), async () => {
        await patiently('cancel', () => store.cancel(world.tables, uuid, 'Ann'));
      });
    });
  }
  watch(world, later, patiently, hurryUp);
  return { busy: () => open > 0 };
}

type Patiently = <T>(what: string, work: () => T) => Promise<T>;

async function submit(
  world: World,
  network: Network,
  patiently: Patiently,
  nth: number,
): Promise<string> {
  const { random, tables, told } = world;
  const keyed = random.chance(0.6);
  const wallMs = random.chance(0.2) ? random.between(2_000, 20_000) : undefined;
  const startAt = random.chance(0.1) ? world.virtual.now() + random.between(500, 5_000) : undefined;
  const planned = random.chance(0.8);
  const request = {
    input: { nth },
    priority: random.between(-5, 5),
    ...(keyed && { key: `key ${nth}` }),
    ...(wallMs && { wallMs }),
    ...(startAt && { startAt }),
    ...(planned && { plan: randomPlan(random) }),
  };
  const accept = () => store.accept(tables, { ...request, uuid: world.nextUuid('run') });
  // Some send twice at once, or again although they were answered.
  const twin = keyed && random.chance(0.3) ? patiently('accept', accept) : undefined;
  const answers = [await patiently('accept', accept), ...(twin ? [await twin] : [])];
  for (const { uuid } of answers) told.accepted.push({ key: request.key, uuid });
  void network;
  return (answers[0] as { uuid: string }).uuid;
}

/** Decides what is asked, after a while; often two at once, who need not agree. */
function watch(
  world: World,
  later: (ms: number, work: () => Promise<void>) => void,
  patiently: Patiently,
  isOver: () => boolean,
): void {
  const { random, tables, told, virtual } = world;
  const seen = new Set<string>();
  const decide = (approvalId: string) => async () => {
    const decision = random.chance(0.75) ? ('approve' as const) : ('reject' as const);
    try {
      const answer = await patiently('decide', () =>
        store.decide(tables, approvalId, { decision, by: 'Bo' }),
      );
      told.decided.push({ approvalId, ...answer });
    } catch (error) {
      if (!(error instanceof AosError) || error.code !== 'run_finished') throw error;
    }
  };
  const look = () => {
    if (isOver()) return;
    for (const { id } of tables.approvals.values()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const ms = random.between(0, 6_000);
      later(ms, decide(id));
      if (random.chance(0.4)) later(ms + random.between(0, 20), decide(id));
    }
    virtual.after(LOOK_EVERY_MS, look);
  };
  virtual.after(LOOK_EVERY_MS, look);
}
