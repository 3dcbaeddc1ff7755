import type { Bench } from './bench.ts';
import { observe, type Cost } from './observe.ts';
import type { Report } from './perform.ts';
import { startProgram } from './program.ts';
import type { Side } from './rounds.ts';
import { STEPS } from './workload.ts';

/** What one contestant did in one round. */
export interface Sample {
  /** Workflows done. */
  readonly count: number;
  readonly seconds: number;
  readonly cost: Cost;
}

export const PROGRAM_LIMIT_MS = 300_000;

/** A limit that is measured like a contestant: one program on an empty database. */
export function reference(
  { server }: Bench,
  options: {
    readonly name: string;
    readonly file: URL;
    readonly args: readonly string[];
    readonly note?: string;
    /** Work items in one workflow, where the program counts smaller ones. */
    readonly itemsPerWorkflow?: number;
  },
): Side<Sample> {
  const { name, file, args, note, itemsPerWorkflow = 1 } = options;
  return {
    name,
    ...(note !== undefined && { note }),
    async take() {
      await using database = await server.database();
      await using program = await startProgram(file, [database.url, ...args], {
        limitMs: PROGRAM_LIMIT_MS,
      });
      await database.settle();
      const [report, cost] = await observe(server, database.url, program.pid, () =>
        program.go<Report>(),
      );
      return { count: report.count / itemsPerWorkflow, seconds: report.seconds, cost };
    },
  };
}

export function perStep(bench: Bench, workflows: number): Side<Sample> {
  return reference(bench, {
    name: 'one commit per step, 32 connections',
    file: new URL('references/commit-per-step.program.ts', import.meta.url),
    args: [`${workflows * STEPS}`],
    itemsPerWorkflow: STEPS,
  });
}

/** The same by a client in C, which takes less of the machine; where PostgreSQL's own tools are installed. */
export function perStepByPgbench(bench: Bench, workflows: number): Side<Sample> {
  return reference(bench, {
    name: 'one commit per step, pgbench, 32 clients',
    file: new URL('references/pgbench.program.ts', import.meta.url),
    args: [`${workflows * STEPS}`],
    itemsPerWorkflow: STEPS,
  });
}

export function writeSet(bench: Bench, workflows: number): Side<Sample> {
  return reference(bench, {
    name: 'whole write set, batches of 50',
    file: new URL('references/write-set.program.ts', import.meta.url),
    args: [`${workflows}`, '50'],
    note: 'with enqueue, no logic',
  });
}

/** Every reading a drain has, of whoever drains. */
export const readings = [
  { measure: 'runs', unit: 'runs/s', value: ({ count, seconds }: Sample) => count / seconds },
  {
    measure: 'steps',
    unit: 'steps/s',
    value: ({ count, seconds }: Sample) => (count * STEPS) / seconds,
  },
  { measure: 'cpu', unit: 's/1000 runs', value: cpuPer1000 },
  {
    measure: 'cpu.database',
    unit: 's/1000 runs',
    value: ({ cost, count }: Sample) => (cost.databaseCpuS * 1000) / count,
  },
  {
    measure: 'cpu.worker',
    unit: 's/1000 runs',
    value: ({ cost, count }: Sample) => (cost.workerCpuS * 1000) / count,
  },
  {
    measure: 'transactions',
    unit: 'writes/run',
    value: ({ cost, count }: Sample) => cost.transactions / count,
  },
  {
    measure: 'wal',
    unit: 'KB/run',
    value: ({ cost, count }: Sample) => cost.walBytes / 1024 / count,
  },
] as const;

export function tell(sample: Sample): string {
  const { count, seconds } = sample;
  return `${Math.round(count / seconds)}/s, ${cpuPer1000(sample).toFixed(3)} CPU s per 1000`;
}

function cpuPer1000({ cost, count }: Sample): number {
  return ((cost.databaseCpuS + cost.workerCpuS) * 1000) / count;
}
