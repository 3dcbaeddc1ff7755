import { setTimeout as sleep } from 'node:timers/promises';

import type { Violation } from '@aos/checker';
import type { Plan } from '@aos/core';

import type { Blow, Fault } from './fault.ts';
import { percentile, recoveryOf, type Recovery } from './held.ts';
import { startHuman } from './human.ts';
import { planOf } from './plans.ts';
import { randomOf, type Random } from './random.ts';
import { createReaders } from './readers.ts';
import { judge } from './verdict.ts';
import { startWorkload } from './workload.ts';
import { buildWorld, type World, type WorldOptions } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** How much longer it may take until each fault has struck once: a busy machine is slow. */
  readonly eachWithinMs?: number;
  readonly faults: readonly Fault[];
  readonly say: (line: string) => void;
  readonly world?: Omit<WorldOptions, 'random'>;
  /** Between two faults, on average. */
  readonly pauseMs?: number;
  readonly clients?: number;
  /** Runs that are not finished at a time: what a small machine can advance. */
  readonly runsMax?: number;
  /** How the outside world is. */
  readonly outside?: { readonly trouble?: number; readonly latencyMs?: number };
  /** How far clocks may be apart. */
  readonly clockToleranceMs?: number;
  /** Done once, in the middle of it all. */
  readonly meanwhile?: (world: World) => Promise<void>;
  /** What the clients ask for. */
  readonly planOf?: (random: Random) => Plan;
}

export interface ChaosResult {
  readonly seed: number;
  readonly accepted: number;
  readonly runs: number;
  readonly effects: number;
  readonly streams: { readonly watched: number; readonly resumed: number };
  readonly answersLost: number;
  /** By fault: how often it struck, and how many of these hit somebody with runs in hand. */
  readonly struck: ReadonlyMap<string, { strikes: number; hits: number }>;
  readonly blows: readonly NamedBlow[];
  readonly recovery: ReadonlyMap<string, Recovery>;
  readonly violations: readonly Violation[];
  /** Processes that were started again because they had ended. */
  readonly restarts: number;
  /** Lives of workers that others declared dead. */
  readonly workersLost: number;
}

const STREAM_EVERY = 8;
const WARM_UP_MS = 1_000;
const RUNS_MAX = 30;
const GAUGE_MS = 150;

/** Work, faults, peace, judgement. The choices follow from the seed; the timing of real processes does not. */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, say, clients = 16, pauseMs = 900 } = options;
  const random = randomOf(seed);
  await using world = await buildWorld({ ...options.world, random: random.fork() });
  const { fleet, caller, apiKey, target } = world;
  Object.assign(target, options.outside);
  const readers = createReaders(fleet, apiKey, random.fork());
  const human = startHuman(caller, random.fork());
  using gauge = watchPressure(world);
  const workload = startWorkload({
    caller,
    random: random.fork(),
    clients,
    pauseMs: 120,
    planOf: options.planOf ?? planOf,
    isFull: () => gauge.unfinished >= (options.runsMax ?? RUNS_MAX),
  });
  let nth = 0;
  workload.onAccepted = (runId) => void (nth++ % STREAM_EVERY === 0 && readers.watch(runId));

  await sleep(WARM_UP_MS);
  await options.meanwhile?.(world);
  const startsBefore = fleet.starts;
  const blows = await strikeOn(world, { ...options, pauseMs, random });
  await workload.stop();
  say('Peace: everything must end now.');
  const { wishes } = workload;
  const { violations, report, effects } = await judge(
    world,
    { wishes, human, readers },
    options.clockToleranceMs,
  );
  return {
    seed,
    accepted: workload.accepted,
    runs: report.runs,
    effects,
    streams: { watched: readers.watched, resumed: readers.resumed },
    answersLost: caller.lost,
    struck: countsOf(blows),
    blows,
    recovery: await recoveryOf(world, blows),
    violations,
    restarts: fleet.starts - startsBefore,
    workersLost: await workersLost(world),
  };
}

async function workersLost({ database }: World): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `select count(*)::int as n from aos.workers where state = 'lost'`,
  );
  return row?.n ?? 0;
}

/** How many runs are not finished, as far as the database says. */
function watchPressure({ database }: World): Disposable & { readonly unfinished: number } {
  const gauge = { unfinished: 0 };
  const timer = setInterval(() => {
    database
      .query<{ n: number }>(`select count(*)::int as n from aos.runs where status <> 'finished'`)
      .then(([row]) => void (gauge.unfinished = row?.n ?? 0))
      .catch(() => {});
  }, GAUGE_MS);
  return Object.assign(gauge, { [Symbol.dispose]: () => clearInterval(timer) });
}

export type NamedBlow = Blow & { readonly fault: string };

/** One fault after another; each kind once before any comes twice. */
async function strikeOn(
  world: World,
  {
    faults,
    durationMs,
    eachWithinMs = 0,
    pauseMs,
    random,
    say,
  }: ChaosOptions & { pauseMs: number; random: World['random'] },
): Promise<NamedBlow[]> {
  const blows: NamedBlow[] = [];
  let left: Fault[] = [];
  const until = performance.now() + durationMs;
  const unstruck = () => faults.filter(({ name }) => !blows.some(({ fault }) => fault === name));
  const goesOn = (now: number) =>
    now < until || (now < until + eachWithinMs && unstruck().length > 0);
  while (goesOn(performance.now())) {
    if (left.length === 0) left = performance.now() < until ? [...faults] : unstruck();
    const fault = random.pick(left);
    left = left.filter((one) => one !== fault);
    const blow = await fault.strike(world);
    if (blow) {
      blows.push({ ...blow, fault: fault.name });
      say(`${fault.name}: ${Date.now() - blow.at} ms, ${blow.held.length} runs were held`);
    }
    await sleep(pauseMs * 2 * random.next());
  }
  return blows;
}

function countsOf(blows: readonly NamedBlow[]): ChaosResult['struck'] {
  const counts = new Map<string, { strikes: number; hits: number }>();
  for (const { fault, held } of blows) {
    const count = counts.get(fault) ?? { strikes: 0, hits: 0 };
    count.strikes++;
    if (held.length > 0) count.hits++;
    counts.set(fault, count);
  }
  return counts;
}

function toldTimes(times: readonly number[], what: string): string {
  if (times.length === 0) return '';
  const ms = (share: number) => Math.round(percentile(times, share));
  return `; ${times.length} ${what} after ${ms(0.5)} ms (p50), ${ms(0.99)} ms (p99)`;
}

/** The result for people. */
export function told(result: ChaosResult): string[] {
  const { seed, accepted, runs, effects, streams, answersLost, struck, recovery, violations } =
    result;
  return [
    `seed ${seed}: ${accepted} runs accepted (${runs} stored), ${effects} calls outside, ` +
      `${streams.watched} streams that broke ${streams.resumed} times, ${answersLost} answers lost`,
    ...[...struck].map(([fault, { strikes, hits }]) => {
      const { times = [], apart = [] } = recovery.get(fault) ?? {};
      const went = toldTimes(times, 'held runs went on');
      const alone = toldTimes(apart, 'runs that had lost two workers in a row went on alone');
      return `  ${fault}: ${strikes} times, ${hits} hit held runs${went}${alone}`;
    }),
    ...violations.map(
      ({ invariant, run, evidence }) => `  VIOLATION ${invariant} ${run ?? ''} ${evidence}`,
    ),
    violations.length === 0 ? 'No violation.' : `${violations.length} violations.`,
  ];
}
