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

/** How long it took from each blow until the runs that were held went on, by the kind of blow, in ms. */
export async function recoveryTimes(
  { database }: World,
  blows: readonly { readonly fault: string; readonly at: number; readonly held: readonly Held[] }[],
): Promise<ReadonlyMap<string, number[]>> {
  const times = new Map<string, number[]>();
  for (const { fault, at, held } of blows) {
    if (held.length === 0) continue;
    const rows = await database.query<{ ms: number }>(
      `select extract(epoch from min(e.at)) * 1000 - $3 as ms
         from unnest($1::uuid[], $2::int[]) as h(id, epoch)
         join aos.events e on e.run_id = h.id and e.type = 'run.started' and e.epoch > h.epoch
        group by h.id`,
      [held.map(({ id }) => id), held.map(({ epoch }) => epoch), at],
    );
    const list = times.get(fault) ?? [];
    times.set(fault, [...list, ...rows.map(({ ms }) => ms)]);
  }
  return times;
}

export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
