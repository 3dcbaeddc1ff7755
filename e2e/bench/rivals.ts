import type { Bench } from './bench.ts';
import { PROGRAM_LIMIT_MS, type Sample } from './contestant.ts';
import { observe } from './observe.ts';
import { fetchPeer, type Peer } from './peers/peers.ts';
import type { Report } from './perform.ts';
import type { IdleTimes, Mode } from './play.ts';
import { startProgram, type Program } from './program.ts';
import type { Side } from './rounds.ts';
import type { BenchDatabase } from './server.ts';

/** A library that does the same work, in a program of its own. */
interface Rival {
  readonly name: string;
  readonly note: string;
  readonly share: number;
  readonly file: URL;
  /** Throws the reason when it cannot be had. */
  prepare(): Promise<{
    readonly env?: Readonly<Record<string, string>>;
    readonly execArgv?: readonly string[];
  }>;
}

/** All that can be compared with: pg-boss, which AOS brings, and the peers. */
function rivals(bench: Bench): Rival[] {
  const pgBoss: Rival = {
    name: 'pg-boss alone, chained batches of 500',
    note: 'a queue: no run, no history',
    share: 2,
    file: new URL('references/pg-boss.program.ts', import.meta.url),
    prepare: async () => ({}),
  };
  return [pgBoss, ...bench.peers.map((peer) => rivalOf(bench, peer))];
}

function rivalOf({ server }: Bench, peer: Peer): Rival {
  const { name, note, share, folder, packages } = peer;
  return {
    name,
    note,
    share,
    file: new URL(`peers/${folder}.program.ts`, import.meta.url),
    async prepare() {
      const env = {
        PEER_FOLDER: await fetchPeer(peer),
        PEER_PACKAGES: Object.keys(packages).join(','),
        PEER_DATA: server.dir,
      };
      const hook = new URL('peers/resolve-from.ts', import.meta.url).href;
      return { env, execArgv: ['--import', hook] };
    },
  };
}

/** What they do with `count` workflows, less for the slow ones. */
export function rivalSides(
  bench: Bench,
  mode: Exclude<Mode, 'idle'>,
  count: number,
): Side<Sample>[] {
  return rivals(bench).map((rival) => ({
    name: rival.name,
    note: rival.note,
    async take() {
      const own = Math.ceil(count * rival.share);
      return await playing(bench, rival, mode, own, async (program, database) => {
        await database.settle();
        const [report, cost] = await observe(bench.server, database.url, program.pid, () =>
          program.go<Report>(),
        );
        return { ...report, cost };
      });
    },
  }));
}

export function idleSides(bench: Bench, count: number): Side<IdleTimes>[] {
  return rivals(bench).map((rival) => ({
    name: rival.name,
    note: rival.note,
    take: () => playing(bench, rival, 'idle', count, (program) => program.go<IdleTimes>()),
  }));
}

async function playing<T>(
  bench: Bench,
  rival: Rival,
  mode: Mode,
  count: number,
  work: (program: Program, database: BenchDatabase) => Promise<T>,
): Promise<T> {
  const launch = await rival.prepare();
  await using database = await bench.server.database();
  const args = [database.url, mode, `${count}`];
  await using program = await startProgram(rival.file, args, {
    limitMs: PROGRAM_LIMIT_MS,
    ...launch,
  });
  return await work(program, database);
}
