import type { Peer } from './peers/peers.ts';
import type { Profile } from './profile.ts';
import type { Row } from './row.ts';
import type { Server } from './server.ts';

/** What measures have in common. */
export interface Bench {
  readonly server: Server;
  /** How often, and who hears of each round. */
  readonly rounds: { readonly rounds: number; readonly say: (line: string) => void };
  /** A number of runs, scaled by the option `--scale`. */
  count(normal: number): number;
  /** Who is compared with; none when nobody is wanted. */
  readonly peers: readonly Peer[];
  /** Queued runs of `backlog`. */
  readonly backlog: number;
  /** Length of `soak`. */
  readonly minutes: number;
  readonly profile?: Profile;
}

export interface Measure {
  readonly name: string;
  /** What it measures, in a line. */
  readonly about: string;
  take(bench: Bench): Promise<readonly Row[]>;
}
