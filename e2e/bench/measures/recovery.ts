import { setTimeout as sleep } from 'node:timers/promises';

import { newId } from '@aos/core';
import { startPageServer, type PageServer } from '@aos/testing';

import { eventually } from '../../checks.ts';
import type { ServiceProcess } from '../../process.ts';
import type { Bench, Measure } from '../bench.ts';
import { installProduct, type Product } from '../product.ts';
import { compare, type Row } from '../row.ts';

const DEATHS = 5;
const FREEZES = 3;
const INTO_THE_STEP_MS = 1_000;
const LIMIT_MS = 60_000;
/** Killed, its connections end at once; frozen, they stay open, as those of a machine that vanished. */
type Death = 'SIGKILL' | 'SIGSTOP';

interface Recovery {
  /** From the signal until the step is asked for again. */
  readonly resumedMs: number;
  /** From the start of a new worker process until it is ready. */
  readonly startMs: number;
  /** Requests of the step that was completed before; 1 is right. */
  readonly firstAsked: number;
}

/** The worker of a run dies in a step; another one stands by. */
export const recovery: Measure = {
  name: 'recovery',
  about: `a worker dies ${INTO_THE_STEP_MS} ms into a step, until it runs again on a standby`,
  async take(bench) {
    await using pages = await startPageServer();
    await using product = await installProduct(bench.server);
    const scene = { bench, pages, product, workers: new Set<ServiceProcess>() };
    await addWorker(scene);
    const killed = await die(scene, 'SIGKILL', Math.max(DEATHS, bench.rounds.rounds));
    const frozen = await die(scene, 'SIGSTOP', FREEZES);
    return [...rows('killed', killed), ...rows('frozen', frozen)];
  },
};

function rows(name: string, recoveries: readonly Recovery[]): Row[] {
  const reference = 'start of a worker process';
  const note = `n = ${recoveries.length}`;
  const resumed = recoveries.map(({ resumedMs }) => resumedMs);
  const starts = recoveries.map(({ startMs }) => startMs);
  const repeated = recoveries.map(({ firstAsked }) => firstAsked - 1);
  return [
    compare({
      measure: `recovery.${name}`,
      unit: 'ms',
      reference,
      values: resumed,
      referenceValues: starts,
      note,
    }),
    compare({
      measure: `recovery.${name}.most`,
      unit: 'ms',
      reference,
      values: [Math.max(...resumed)],
      referenceValues: [Math.max(...starts)],
      note,
    }),
    compare({
      measure: `recovery.${name}.repeated`,
      unit: 'steps/death',
      reference: 'completed steps',
      values: [Math.max(...repeated)],
      referenceValues: [1],
      note: 'the most of any; 0 is right',
    }),
  ];
}

interface Scene {
  readonly bench: Bench;
  readonly pages: PageServer;
  readonly product: Product;
  readonly workers: Set<ServiceProcess>;
}

/** Returns how long it took to be ready. */
async function addWorker({ pages, product, workers }: Scene): Promise<number> {
  const begunAt = performance.now();
  workers.add(await product.startWorker({ AOS_ALLOW_PRIVATE_HOSTS: pages.host }));
  return performance.now() - begunAt;
}

async function die(scene: Scene, death: Death, count: number): Promise<Recovery[]> {
  const recoveries: Recovery[] = [];
  for (let n = 0; n < count; n++) {
    const startMs = await addWorker(scene);
    const { resumedMs, firstAsked } = await dieOnce(scene, death, `${death}-${n}`);
    recoveries.push({ startMs, resumedMs, firstAsked });
    scene.bench.rounds.say(`  ${death} ${n + 1}: ${resumedMs.toFixed(0)} ms`);
  }
  return recoveries;
}

async function dieOnce(
  { pages, product, workers }: Scene,
  death: Death,
  name: string,
): Promise<Omit<Recovery, 'startMs'>> {
  const first = `/first-${name}`;
  const long = `/long-${name}`;
  const asked = (path: string) => pages.requests.filter((request) => request.path === path);
  pages.serve(first, 'first');
  // Never answered: the step lasts as long as its worker.
  pages.serve(long, () => {});
  const runId = newId('run');
  await product.load(1, { runId, ...planOf(pages.url, first, long) });
  await eventually(() => asked(long)[0], LIMIT_MS);
  await sleep(INTO_THE_STEP_MS);
  const victim = await holderOf(product, runId, [...workers]);
  pages.serve(long, 'done');
  const diedAt = Date.now();
  victim.kill(death);
  const again = await eventually(() => asked(long)[1], LIMIT_MS);
  victim.kill('SIGKILL');
  workers.delete(victim);
  return { resumedMs: again.at - diedAt, firstAsked: asked(first).length };
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
