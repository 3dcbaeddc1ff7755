import type { Row } from './row.ts';
import type { Server } from './server.ts';

/** What measures have in common. */
export interface Bench {
  readonly server: Server;
  readonly rounds: number;
  /** A number of runs, scaled by the option `--scale`. */
  count(normal: number): number;
  /** Progress, for people. */
  say(line: string): void;
  /** Flags of Node that make the workers which are measured write a CPU profile; usually none. */
  readonly profileFlags: readonly string[];
}

export interface Measure {
  readonly name: string;
  /** What it measures, in a line. */
  readonly about: string;
  take(bench: Bench): Promise<readonly Row[]>;
}
