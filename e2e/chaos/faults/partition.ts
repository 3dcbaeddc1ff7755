import { setTimeout as sleep } from 'node:timers/promises';

import type { Fault } from '../fault.ts';
import { heldBy } from '../held.ts';
import { buildNetwork, networkMissing } from '../network.ts';

const READY_MS = 20_000;
const AWAY_MS = 7_000;

/** A worker on a machine of its own vanishes from the network with all that it holds, and comes back. */
export const partition: Fault = {
  name: 'partition',
  missing: networkMissing,
  async strike(world) {
    await using network = await buildNetwork(world);
    const far = await world.fleet.once(await world.place('worker', network.how));
    for (const until = Date.now() + READY_MS; far.port === 0 && Date.now() < until;)
      await sleep(50);
    await sleep(1_500);
    const held = await heldBy(world, [far.pid]);
    const at = Date.now();
    network.pull();
    await sleep(AWAY_MS);
    network.plug();
    // It believes in its lease for as long as it takes to find out.
    await sleep(1_000);
    far.kill('SIGTERM');
    await Promise.race([far.exited, sleep(20_000)]);
    return { at, held };
  },
};
