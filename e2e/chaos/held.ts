import type { World } from './world.ts';

/** A run that was in the hands of whoever was hit. */
export interface Held {
  readonly id: string;
  readonly epoch: number;
}

/** The runs that these processes hold now, or all that are held. */
export async function heldBy({ database }: World, pids?: readonly number[]): Promise<Held[]> {
  return database
    .query<Held>(
      `select r.id, r.epoch
         from aos.runs r
         join aos.workers w on w.id = r.worker_id
        where r.status = 'running' and ($1::int[] is null or w.pid = any ($1))`,
      [pids ?? null],
    )
    .catch(() => []);
}

/** The processes that hold runs now. */
export async function busyPids({ database }: World): Promise<ReadonlySet<number>> {
  const rows = await database
    .query<{ pid: number }>(
      `select distinct w.pid
         from aos.runs r
         join aos.workers w on w.id = r.worker_id
        where r.status = 'running'`,
    )
    .catch(() => []);
  return new Set(rows.map(({ pid }) => pid));
}

export interface Recovery {
  /** How long it took from a blow until a run that was held went on, in ms. */
  readonly times: readonly number[];
  /** The same of runs that had lost two workers in a row: they wait until they can run alone. */
  readonly apart: readonly number[];
}

/** By the kind of blow. */
export async function recoveryOf(
  { database }: World,
  blows: readonly { readonly fault: string; readonly at: number; readonly held: readonly Held[] }[],
): Promise<ReadonlyMap<string, Recovery>> {
  const recovery = new Map<string, Recovery>();
  for (const { fault, at, held } of blows) {
    if (held.length === 0) continue;
    const rows = await database.query<{ ms: number; alone: boolean }>(
      `select distinct on (h.id)
              (extract(epoch from e.at) * 1000 - $3)::float8 as ms, coalesce(w.quarantine, false) as alone
         from unnest($1::uuid[], $2::int[]) as h(id, epoch)
         join aos.events e on e.run_id = h.id and e.type = 'run.started' and e.epoch > h.epoch
         left join aos.workers w on w.id = substr(e.data ->> 'workerId', 5)::uuid
        order by h.id, e.epoch`,
      [held.map(({ id }) => id), held.map(({ epoch }) => epoch), at],
    );
    const { times = [], apart = [] } = recovery.get(fault) ?? {};
    const those = (wanted: boolean) =>
      rows.filter(({ alone }) => alone === wanted).map(({ ms }) => ms);
    recovery.set(fault, { times: [...times, ...those(false)], apart: [...apart, ...those(true)] });
  }
  return recovery;
}

export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
