import { setTimeout as sleep } from 'node:timers/promises';

import type { Blow, Fault } from '../fault.ts';
import { heldBy } from '../held.ts';
import type { World } from '../world.ts';

/** The database loses its memory, but not its disk. */
export const killDatabase: Fault = {
  name: 'kill-database',
  strike: (world) => restart(world, 'SIGKILL'),
};

export const restartDatabase: Fault = {
  name: 'restart-database',
  strike: (world) => restart(world, world.random.pick(['SIGINT', 'SIGQUIT'])),
};

/** Every connection of AOS is ended by the server, in whatever it is doing. */
export const cutConnections: Fault = {
  name: 'cut-connections',
  async strike(world) {
    const held = await heldBy(world);
    const at = Date.now();
    await world.database
      .query(
        `select pg_terminate_backend(pid)
           from pg_stat_activity
          where datname = current_database() and application_name like 'aos-%'`,
      )
      .catch(() => {});
    return { at, held };
  },
};

async function restart(world: World, signal: NodeJS.Signals): Promise<Blow> {
  const held = await heldBy(world);
  const at = Date.now();
  await world.server.down(signal);
  await sleep(world.random.between(0, 1_500));
  await world.server.up();
  return { at, held };
}
