import { eventually } from '../../checks.ts';
import type { Bench, Measure } from '../bench.ts';
import { interleave, programContestant, type Contestant, type Sample } from '../contestant.ts';
import { observe } from '../observe.ts';
import { installProduct, type Product } from '../product.ts';
import { compare, skipped, type Row } from '../row.ts';
import { STEPS } from '../workload.ts';

const LIMIT_MS = 300_000;
const US = 'aos';
const PER_STEP = 'one commit per step, 32 connections';
const WRITE_SET = 'whole write set, batches of 50';

/** Runs that are stored already, one worker process. */
export const drain: Measure = {
  name: 'drain',
  about: `${STEPS} sequential steps of 1 KB, one worker: runs per second, CPU, commits, WAL`,
  async take(bench) {
    const contestants = [aos(bench), ...references(bench)];
    const results = await interleave(contestants, {
      rounds: bench.rounds,
      count: bench.count(4_000),
      say: (line) => bench.say(line),
    });
    const ours = results.samples.get(US) ?? [];
    return contestants.slice(1).flatMap(({ name, note }) => {
      const failure = results.failed.get(US) ?? results.failed.get(name);
      const theirs = results.samples.get(name) ?? [];
      return failure === undefined
        ? rowsAgainst(name, ours, theirs, note)
        : [skipped('drain', name, failure)];
    });
  },
};

function references({ server }: Bench): Contestant[] {
  return [
    programContestant(server, {
      name: PER_STEP,
      file: new URL('../references/commit-per-step.program.ts', import.meta.url),
      itemsPerWorkflow: STEPS,
    }),
    programContestant(server, {
      name: WRITE_SET,
      file: new URL('../references/write-set.program.ts', import.meta.url),
      args: ['50'],
      share: 2,
      note: 'with enqueue, no logic',
    }),
  ];
}

export function aos(bench: Bench): Contestant {
  return {
    name: US,
    share: 1,
    async drain(count) {
      await using product = await installProduct(bench.server);
      await product.load(count);
      await product.base.settle();
      const worker = await product.startWorker({}, bench.profileFlags);
      const [, cost] = await observe(bench.server, product.databaseUrl, worker.pid, () =>
        finished(product),
      );
      const seconds = await checked(product, count);
      if (bench.profileFlags.length > 0) {
        worker.kill('SIGTERM'); // A profile is written by a process that ends in order.
        await worker.exited;
      }
      return { count, seconds, cost };
    },
  };
}

export function finished(product: Product): Promise<true> {
  return eventually(async () => {
    const [left] = await product.owner.query(
      `select 1 from aos.runs where status <> 'finished' limit 1`,
    );
    return left === undefined ? true : undefined;
  }, LIMIT_MS);
}

/** Nothing is missing, nothing failed; returns the seconds from the first start to the last end. */
async function checked(product: Product, count: number): Promise<number> {
  const [row] = await product.owner.query<{ runs: number; steps: number; seconds: number }>(
    `select count(*)::int as runs,
            (select count(*)::int from aos.steps where status = 'completed') as steps,
            extract(epoch from max(finished_at) - min(started_at))::float8 as seconds
       from aos.runs where outcome = 'succeeded'`,
  );
  if (row?.runs !== count || row.steps !== count * STEPS) {
    throw new Error(`Of ${count} runs ${row?.runs} succeeded, with ${row?.steps} steps.`);
  }
  return row.seconds;
}

function rowsAgainst(
  reference: string,
  ours: readonly Sample[],
  theirs: readonly Sample[],
  note: string | undefined,
): Row[] {
  const row = (measure: string, unit: string, value: (sample: Sample) => number) =>
    compare({
      measure: `drain.${measure}`,
      unit,
      reference,
      values: ours.map(value),
      referenceValues: theirs.map(value),
      ...(note !== undefined && { note }),
    });
  return [
    row('runs', 'runs/s', ({ count, seconds }) => count / seconds),
    row('steps', 'steps/s', ({ count, seconds }) => (count * STEPS) / seconds),
    row('cpu', 's/1000 runs', (s) => per1000(s.cost.databaseCpuS + s.cost.workerCpuS, s)),
    row('cpu.database', 's/1000 runs', (s) => per1000(s.cost.databaseCpuS, s)),
    row('cpu.worker', 's/1000 runs', (s) => per1000(s.cost.workerCpuS, s)),
    row('transactions', 'writes/run', ({ cost, count }) => cost.transactions / count),
    row('wal', 'KB/run', ({ cost, count }) => cost.walBytes / 1024 / count),
  ];
}

function per1000(value: number, { count }: Sample): number {
  return (value * 1000) / count;
}
