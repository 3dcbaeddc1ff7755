import type { Held, Link, News, Timekeeper } from './worker-ports.ts';
import type { Pool } from './pool.ts';

const LOOK_EVERY_MS = 250;
const BACKSTOP_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = 3_600_000;

export interface DutyOptions {
  readonly time: Pick<Timekeeper, 'sleep'>;
  readonly link: Link<Held>;
  readonly pool: Pick<Pool, 'has'>;
  readonly tell: (news: News) => void;
  /** When it is over. */
  readonly over: AbortSignal;
}

/**
 * What every worker does beside its runs: finds dead workers and gives their runs back, sends what was
 * forgotten, lets go of runs that it holds without knowing of them, throws old rows away. Whoever is
 * first does the work, and doing it twice changes nothing.
 */
export async function doDuties(options: DutyOptions): Promise<void> {
  const { link, tell } = options;
  const duties: Duty[] = [
    {
      everyMs: LOOK_EVERY_MS,
      async work() {
        const suspects = await link.suspects();
        if (suspects.length === 0) return;
        const runs = await link.rescue(suspects);
        tell({ what: 'rescued', workers: suspects, runs: runs.length });
      },
    },
    {
      everyMs: BACKSTOP_EVERY_MS,
      async work() {
        const sent = await link.dispatchForgotten();
        if (sent > 0) tell({ what: 'forgotten', runs: sent });
      },
    },
    { everyMs: BACKSTOP_EVERY_MS, work: straysOf(options) },
    { everyMs: PRUNE_EVERY_MS, work: () => link.prune() },
  ];
  await Promise.all(duties.map((duty) => repeat(duty, options)));
}

/**
 * Runs that the store says are ours and that nobody here works on would be held for as long as we live.
 * Seen twice in a row, it is no claim whose answer is still on its way.
 */
function straysOf({ link, pool, tell }: DutyOptions): () => Promise<void> {
  let seen: ReadonlySet<string> = new Set();
  return async () => {
    const strays = (await link.holds()).filter((held) => !pool.has(held));
    const again = strays.filter((held) => seen.has(nameOf(held)));
    seen = new Set(strays.map(nameOf));
    for (const stray of again) if (!pool.has(stray)) await link.letGo(stray, 0);
    if (again.length > 0) tell({ what: 'strays', runs: again.length });
  };
}

function nameOf({ uuid, epoch }: Held): string {
  return `${uuid} ${epoch}`;
}

interface Duty {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
}

async function repeat({ everyMs, work }: Duty, { time, tell, over }: DutyOptions): Promise<void> {
  while (!over.aborted) {
    // The database may be away; whatever is missed is seen at the next look.
    await work().catch((error: unknown) => tell({ what: 'error', of: 'duty', error }));
    await time.sleep(everyMs, over);
  }
}
