import { observe, type Cost } from './observe.ts';
import { startProgram } from './program.ts';
import type { Report } from './perform.ts';
import type { Server } from './server.ts';

/** What one contestant did in one round. */
export interface Sample {
  /** Workflows done. */
  readonly count: number;
  readonly seconds: number;
  readonly cost: Cost;
}

/** Somebody who drains workflows, or a limit that is measured the same way. */
export interface Contestant {
  readonly name: string;
  /** What must be known to read its numbers. */
  readonly note?: string;
  /** Of a normal round: slow ones do less, so that all take about the same time. */
  readonly share: number;
  drain(count: number): Promise<Sample>;
}

const LIMIT_MS = 300_000;

/** A contestant that is one program on an empty database. */
export function programContestant(
  server: Server,
  options: {
    readonly name: string;
    readonly file: URL;
    readonly args?: readonly string[];
    readonly share?: number;
    readonly note?: string;
    /** Work items in one workflow, where the program counts smaller ones. */
    readonly itemsPerWorkflow?: number;
  },
): Contestant {
  const { name, file, args = [], share = 1, note, itemsPerWorkflow = 1 } = options;
  return {
    name,
    share,
    ...(note !== undefined && { note }),
    async drain(count) {
      await using database = await server.database();
      await using program = await startProgram(file, [database.url, `${count}`, ...args], {
        limitMs: LIMIT_MS,
      });
      await database.settle();
      const [report, cost] = await observe(server, database.url, program.pid, () =>
        program.go<Report>(),
      );
      return { count: report.count / itemsPerWorkflow, seconds: report.seconds, cost };
    },
  };
}

/** A B A B …, every second round backwards: what drifts, drifts for all. A contestant that fails drops out. */
export async function interleave(
  contestants: readonly Contestant[],
  options: {
    readonly rounds: number;
    readonly count: number;
    readonly say: (line: string) => void;
  },
): Promise<Results> {
  const samples = new Map<string, Sample[]>();
  const failed = new Map<string, string>();
  for (let round = 0; round < options.rounds; round++) {
    for (const one of round % 2 === 0 ? contestants : contestants.toReversed()) {
      if (failed.has(one.name)) continue;
      const count = Math.max(1, Math.round(options.count * one.share));
      try {
        const sample = await one.drain(count);
        samples.set(one.name, [...(samples.get(one.name) ?? []), sample]);
        options.say(`  round ${round + 1}: ${one.name} ${told(sample)}`);
      } catch (error) {
        failed.set(one.name, error instanceof Error ? error.message : String(error));
        options.say(`  round ${round + 1}: ${one.name} failed: ${failed.get(one.name)}`);
      }
    }
  }
  return { samples, failed };
}

export interface Results {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly failed: ReadonlyMap<string, string>;
}

function told({ count, seconds, cost }: Sample): string {
  const cpu = ((cost.databaseCpuS + cost.workerCpuS) * 1000) / count;
  return `${Math.round(count / seconds)}/s, ${cpu.toFixed(3)} CPU s per 1000`;
}
