import { onStopSignals } from '@aos/local';

import type { BenchArguments } from './arguments.ts';
import type { Bench, Measure } from './bench.ts';
import { accept } from './measures/accept.ts';
import { backlog } from './measures/backlog.ts';
import { drain } from './measures/drain.ts';
import { http } from './measures/http.ts';
import { idle } from './measures/idle.ts';
import { live } from './measures/live.ts';
import { memory } from './measures/memory.ts';
import { recovery } from './measures/recovery.ts';
import { soak } from './measures/soak.ts';
import { peers } from './peers/peers.ts';
import { createProfile } from './profile.ts';
import { skipped, type Row } from './row.ts';
import { startServer } from './server.ts';
import { table } from './table.ts';

const measures: readonly Measure[] = [
  drain,
  live,
  http,
  accept,
  idle,
  recovery,
  memory,
  backlog,
  soak,
];

/** As a shell tells Ctrl-C. */
const STOPPED = 130;

/** Takes the measures one after the other; returns the exit code. */
export async function runBench(args: BenchArguments): Promise<number> {
  const chosen = choose(args.only);
  const rows: Row[] = [];
  const profile = args.profile === undefined ? undefined : createProfile(args.profile);
  let killNow: (() => void) | undefined;
  const signals = onStopSignals(() => {
    killNow?.();
    process.exit(STOPPED);
  });
  await using server = await startServer(profile?.settings);
  killNow = () => server.killNow();
  // The processes that are measured end with this one.
  signals.stop.addEventListener('abort', () => {
    void Promise.resolve(server[Symbol.asyncDispose]()).finally(() => process.exit(STOPPED));
  });
  const bench: Bench = {
    server,
    rounds: { rounds: args.rounds, say: toPeople },
    count: (normal) => Math.max(1, Math.round(normal * args.scale)),
    peers: args.peers ? peers : [],
    backlog: args.backlog,
    minutes: args.minutes,
    ...(profile && { profile }),
  };
  for (const measure of chosen) {
    if (signals.stop.aborted) return STOPPED;
    toPeople(`${measure.name}: ${measure.about}`);
    for (const row of await taken(measure, bench)) {
      rows.push(row);
      if (args.json) process.stdout.write(`${JSON.stringify(row)}\n`);
    }
  }
  if (signals.stop.aborted) return STOPPED;
  signals.dispose();
  if (!args.json) for (const line of table(rows)) process.stdout.write(`${line}\n`);
  return rows.every(({ value }) => value === null) ? 1 : 0;
}

/** A measure that fails is told, and the next one is taken all the same. */
async function taken(measure: Measure, bench: Bench): Promise<readonly Row[]> {
  try {
    return await measure.take(bench);
  } catch (error) {
    return [skipped(measure.name, '', error instanceof Error ? error.message : String(error))];
  }
}

function choose(only: readonly string[]): readonly Measure[] {
  const unknown = only.find((name) => !measures.some((measure) => measure.name === name));
  if (unknown !== undefined) {
    const names = measures.map(({ name }) => name).join(', ');
    throw new TypeError(`There is no measure ${JSON.stringify(unknown)}; there are ${names}.`);
  }
  return only.length === 0 ? measures : measures.filter(({ name }) => only.includes(name));
}

function toPeople(line: string): void {
  process.stderr.write(`${line}\n`);
}
