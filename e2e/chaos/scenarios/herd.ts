import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { startHuman } from '../human.ts';
import { percentile } from '../held.ts';
import { planOf } from '../plans.ts';
import { createReaders } from '../readers.ts';
import type { Scenario } from '../scenario.ts';
import { judge } from '../verdict.ts';
import { buildWorld } from '../world.ts';
import type { Wish } from '../workload.ts';

const QUEUED = 300;
const STREAMS = 60;
const AWAY_MS = 5_000;
const ACCEPT_MS_MAX = 5_000;

export const f24: Scenario = {
  name: 'F24',
  what: 'the database comes back to hundreds of queued runs, all workers and many streams at once',
  passLine:
    'everything ends, connections stay below their cap, and new runs are accepted meanwhile',
  async run({ random, say }) {
    await using world = await buildWorld({ random, workers: 2, apis: 2, proxied: false });
    const { fleet, caller, server, database } = world;
    const readers = createReaders(fleet, world.apiKey, random.fork());
    await fleet.halt('worker', 'SIGTERM');
    const wishes: Wish[] = [];
    const accept = async (): Promise<number> => {
      const token = `herd-${wishes.length}`;
      const wish: Wish = { token, keyed: true, unsure: false };
      wishes.push(wish);
      const at = performance.now();
      const body = { goal: token, plan: planOf(random), input: { token } };
      const answer = await caller.insist('POST', '/v1/runs', body, token);
      wish.runId = String(answer?.body['id']);
      return performance.now() - at;
    };
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let n = 0; n < QUEUED / 10; n++) await accept();
      }),
    );
    for (const { runId } of wishes.slice(0, STREAMS)) if (runId) readers.watch(runId);
    await server.down('SIGINT');
    await sleep(AWAY_MS);
    fleet.resume();
    const human = startHuman(caller, random.fork());
    await server.up();
    const times: number[] = [];
    let most = 0;
    for (let n = 0; n < 40; n++) {
      times.push(await accept());
      const [row] = await database
        .query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where application_name like 'aos-%'`,
        )
        .catch(() => []);
      most = Math.max(most, row?.n ?? 0);
      await sleep(100);
    }
    say(
      `accepted meanwhile: p50 ${Math.round(percentile(times, 0.5))} ms, p99 ${Math.round(percentile(times, 0.99))} ms; at most ${most} connections`,
    );
    const { violations } = await judge(world, { wishes, human, readers });
    assert.deepEqual(violations, []);
    assert.ok(most <= 100, 'connections');
    assert.ok(percentile(times.slice(10), 0.99) < ACCEPT_MS_MAX);
  },
};
