import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { createDatabase } from '@aos/store';
import { violationsOf } from '@aos/checker';

import { percentile } from '../held.ts';
import { holdRun, until, wentOnAfter } from '../hold.ts';
import { buildNetwork, networkMissing } from '../network.ts';
import type { Scenario } from '../scenario.ts';
import { buildWorld } from '../world.ts';

const VANISHED = 3;
const RESUMED_MS_MAX = 10_000;

export const f13: Scenario = {
  name: 'F13',
  what: 'the machine of a worker vanishes from the network, and comes back',
  passLine: 'its run goes on elsewhere within 10 s, and nothing of it is accepted afterwards',
  missing: networkMissing,
  async run({ random, say }) {
    await using world = await buildWorld({ random, workers: 0, apis: 1, proxied: false });
    await using network = await buildNetwork(world);
    const times: number[] = [];
    const far = await world.fleet.add(await world.place('worker', network.how));
    for (let n = 0; n < VANISHED; n++) {
      const held = await holdRun(world);
      assert.equal(held.pid, far.process.pid, 'the far worker holds it');
      const near = await world.fleet.once(await world.place('worker'));
      await until(60_000, 'another worker stands by', () => (near.port > 0 ? true : undefined));
      const at = Date.now();
      network.pull();
      times.push(await wentOnAfter(world, held, at));
      await world.caller.insist('POST', `/v1/runs/run_${held.id}/cancel`);
      network.plug();
      near.kill('SIGTERM');
      await near.exited;
      await until(60_000, 'the far worker is back', () => backInBusiness(world));
    }
    say(`host vanishes -> resumed: ${times.map((ms) => Math.round(ms)).join(', ')} ms`);
    assert.ok(percentile(times, 0.99) <= RESUMED_MS_MAX);
    assert.deepEqual(await violationsOf({ databaseUrl: world.databaseUrl }), []);
  },
};

async function backInBusiness({ database }: Awaited<ReturnType<typeof buildWorld>>) {
  const [row] = await database.query<{ live: number; open: number }>(
    `select (select count(*) from aos.workers where state = 'live' and lease_until > now())::int as live,
            (select count(*) from aos.runs where status <> 'finished')::int as open`,
  );
  return row?.live === 1 && row.open === 0 ? true : undefined;
}

export const f14: Scenario = {
  name: 'F14',
  what: 'a client vanishes while it holds the lock of a row',
  passLine: 'the server lets the lock go: others are blocked for at most 6 s',
  async run({ random, say }) {
    await using world = await buildWorld({ random, workers: 0, apis: 1, proxied: false });
    const token = 'locked';
    const body = {
      goal: 'Lock',
      input: { token },
      plan: {
        version: 1,
        steps: [{ key: 'a', skill: 'json_transform', input: { data: 1, expression: '$' } }],
      },
    };
    // Nobody publishes skills here: a worker comes, says what there is, and goes.
    const worker = await world.fleet.once(await world.place('worker'));
    await until(60_000, 'a worker is ready', () => (worker.port > 0 ? true : undefined));
    worker.kill('SIGTERM');
    await worker.exited;
    await world.caller.insist('POST', '/v1/runs', body, token);
    const behind = new URL(world.databaseUrl);
    behind.port = String(world.proxy.port);
    const far = createDatabase({
      url: behind.href,
      applicationName: 'aos-far',
      role: 'aos_worker',
    });
    const holding = far
      .transaction(async (tx) => {
        await tx.query('select 1 from aos.runs for update');
        world.proxy.stall();
        await sleep(20_000);
      })
      .catch(() => {});
    await until(10_000, 'the wire is dead', () => (world.proxy.dead ? true : undefined));
    const at = Date.now();
    await until(20_000, 'the lock is free', async () => {
      const taken = await world.database
        .transaction((tx) => tx.query('select 1 from aos.runs for update nowait'))
        .catch(() => undefined);
      return taken?.length === 1 ? true : undefined;
    });
    const ms = Date.now() - at;
    say(`the lock was free after ${ms} ms`);
    world.proxy.heal();
    await holding;
    await far.close();
    assert.ok(ms <= 6_500);
  },
};
