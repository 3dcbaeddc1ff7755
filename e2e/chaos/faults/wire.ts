import { setTimeout as sleep } from 'node:timers/promises';

import type { Fault } from '../fault.ts';
import { heldBy } from '../held.ts';
import type { World } from '../world.ts';

/** The way to the database is long for a while. */
export const slowWire: Fault = wire('slow-wire', async ({ proxy, random }) => {
  proxy.delay(random.pick([20, 100, 300]));
  await sleep(random.between(2_000, 5_000));
});

export const cutWire: Fault = wire('cut-wire', async ({ proxy }) => {
  proxy.cut();
});

/** Nothing comes and nothing goes, and nobody is told: shorter or longer than a lease. */
export const deadWire: Fault = wire('dead-wire', async ({ proxy, random }) => {
  proxy.stall();
  await sleep(random.pick([1_500, 7_000]));
});

/** Notices are not heard any more, while everything else works. */
export const deafListener: Fault = wire('deaf-listener', async ({ proxy }) => {
  proxy.stall(({ listens }) => listens);
  await sleep(6_000);
});

/** Commits that stand, and whose answers are lost. */
export const lostAnswers: Fault = wire('lost-answers', async ({ proxy, random }) => {
  proxy.swallow(random.between(3, 15));
  await sleep(2_000);
});

function wire(name: string, hurt: (world: World) => Promise<void>): Fault {
  return {
    name,
    async strike(world) {
      const { proxy, fleet } = world;
      const behind = fleet
        .members()
        .filter(({ env }) => env['DATABASE_URL']?.includes(`:${proxy.port}/`))
        .map(({ process }) => process.pid);
      if (behind.length === 0) return undefined;
      const held = await heldBy(world, behind);
      const at = Date.now();
      await hurt(world);
      proxy.heal();
      return { at, held };
    },
  };
}
