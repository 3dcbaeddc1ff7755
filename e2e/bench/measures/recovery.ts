import { setTimeout as sleep } from 'node:timers/promises';

import { newId } from '@aos/core';
import { startPageServer, type PageServer } from '@aos/testing';

import { eventually } from '../../checks.ts';
import type { ServiceProcess } from '../../process.ts';
import type { Bench, Measure } from '../bench.ts';
import { installProduct, type Product } from '../product.ts';
import { compare, type Row } from '../row.ts';
import { percentile } from '../statistics.ts';

const DEATHS = 5;
const INTO_THE_STEP_MS = 1_000;
const LIMIT_MS = 60_000;

interface Death {
  /** From SIGKILL until the step is asked for again. */
  readonly resumedMs: number;
  /** From the start of a new worker process until it is ready. */
  readonly startMs: number;
  /** Requests of the step that was completed before; 1 is right. */
  readonly firstAsked: number;
}

/** The worker of a run dies in a step; another one stands by. */
export const recovery: Measure = {
  name: 'recovery',
  about: `SIGKILL ${INTO_THE_STEP_MS} ms into a step until the step runs again on a standby worker`,
  async take(bench) {
    const deaths = await die(bench, Math.max(DEATHS, bench.rounds.rounds));
    return rows(deaths);
  },
};

function rows(deaths: readonly Death[]): Row[] {
  const reference = 'start of a worker process';
  const note = `n = ${deaths.length}`;
  const resumed = deaths.map(({ resumedMs }) => resumedMs);
  const starts = deaths.map(({ startMs }) => startMs);
  const repeated = deaths.map(({ firstAsked }) => firstAsked - 1);
  return [
    compare({
      measure: 'recovery.resumed',
      unit: 'ms',
      reference,
      values: resumed,
      referenceValues: starts,
      note,
    }),
    compare({
      measure: 'recovery.resumed.p90',
      unit: 'ms',
      reference,
      values: [percentile(resumed, 90)],
      referenceValues: [percentile(starts, 90)],
      note,
    }),
    compare({
      measure: 'recovery.repeated',
      unit: 'steps/death',
      reference: 'completed steps',
      values: [Math.max(...repeated)],
      referenceValues: [1],
      note: 'the most of any; 0 is right',
    }),
  ];
}

async function die(bench: Bench, count: number): Promise<Death[]> {
  await using pages = await startPageServer();
  await using product = await installProduct(bench.server);
  const env = { AOS_ALLOW_PRIVATE_HOSTS: pages.host };
  const start = async () => {
    const begunAt = performance.now();
    return { worker: await product.startWorker(env), startMs: performance.now() - begunAt };
  };
  const workers = new Set([(await start()).worker]);
  const deaths: Death[] = [];
  for (let n = 0; n < count; n++) {
    const { worker: fresh, startMs } = await start();
    workers.add(fresh);
    const { resumedMs, firstAsked, victim } = await kill(product, pages, [...workers], n);
    workers.delete(victim);
    deaths.push({ resumedMs, startMs, firstAsked });
    bench.rounds.say(`  death ${n + 1}: ${resumedMs.toFixed(0)} ms`);
  }
  return deaths;
}

async function kill(
  product: Product,
  pages: PageServer,
  workers: readonly ServiceProcess[],
  n: number,
): Promise<{ resumedMs: number; firstAsked: number; victim: ServiceProcess }> {
  const first = `/first-${n}`;
  const long = `/long-${n}`;
  const asked = (path: string) => pages.requests.filter((request) => request.path === path);
  pages.serve(first, 'first');
  // Never answered: the step lasts as long as its worker.
  pages.serve(long, () => {});
  const runId = newId('run');
  await product.load(1, { runId, ...planOf(pages.url, first, long) });
  await eventually(() => asked(long)[0], LIMIT_MS);
  await sleep(INTO_THE_STEP_MS);
  const victim = await holderOf(product, runId, workers);
  pages.serve(long, 'done');
  const killedAt = Date.now();
  victim.kill('SIGKILL');
  const again = await eventually(() => asked(long)[1], LIMIT_MS);
  return { resumedMs: again.at - killedAt, firstAsked: asked(first).length, victim };
}

function planOf(url: string, first: string, long: string) {
  const plan = {
    version: 1,
    steps: [
      { key: 'first', skill: 'http_request', input: { url: `${url}${first}` } },
      { key: 'long', skill: 'http_request', input: { url: `${url}${long}` }, after: ['first'] },
    ],
  } as const;
  return { plan, goal: { goal: 'Wait', input: {}, limits: {}, tags: [], plan } };
}

async function holderOf(
  { owner }: Product,
  runId: string,
  workers: readonly ServiceProcess[],
): Promise<ServiceProcess> {
  const [row] = await owner.query<{ pid: number }>(
    `select w.pid from aos.runs r join aos.workers w on w.id = r.worker_id where r.id = $1`,
    [runId.slice('run_'.length)],
  );
  const holder = workers.find(({ pid }) => pid === row?.pid);
  if (!holder) throw new Error(`Nobody holds ${runId}.`);
  return holder;
}
