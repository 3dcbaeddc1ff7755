import { setTimeout as sleep } from 'node:timers/promises';

import type { Measure } from '../bench.ts';
import { installProduct, untilFinished, type Product } from '../product.ts';
import { compare, type Row } from '../row.ts';

const MINUTE_MS = 60_000;
const IN_FLIGHT = 2_000;
const LOOK_EVERY_MS = 100;
/** The start is not counted: code is compiled, caches are filled. */
const WARM_UP_MS = 5_000;

/** Runs without a pause: does it get slower, does it grow by more than what it keeps? */
export const soak: Measure = {
  name: 'soak',
  about: 'a steady load: the last part against the first, and what the tables grow by',
  async take(bench) {
    await using product = await installProduct(bench.server);
    await product.startWorker();
    await feed(product, WARM_UP_MS);
    const lengthMs = bench.minutes * MINUTE_MS;
    const begun = await mark(product);
    await feed(product, lengthMs / 2);
    const half = await mark(product);
    await feed(product, lengthMs / 2);
    const end = await mark(product);
    await untilFinished(product);
    return [...(await rateRows(product, begun, end)), ...growthRows(begun, half, end)];
  },
};

/** Keeps so many runs on their way, for so long. */
async function feed(product: Product, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    const [row] = await product.owner.query<{ open: number }>(
      `select count(*)::int as open from (
         select 1 from aos.runs where status <> 'finished' limit ${IN_FLIGHT}) as unfinished`,
    );
    const missing = IN_FLIGHT - (row?.open ?? 0);
    if (missing > IN_FLIGHT / 8) await product.load(missing);
    else await sleep(LOOK_EVERY_MS);
  }
}

interface Mark {
  readonly at: Date;
  readonly finished: number;
  /** By group of tables; partitions and indexes count with their table. */
  readonly tableBytes: ReadonlyMap<string, number>;
  readonly indexBytes: ReadonlyMap<string, number>;
}

async function mark({ owner }: Product): Promise<Mark> {
  const [now] = await owner.query<{ at: Date; finished: number }>(
    `select clock_timestamp() as at, count(*)::int as finished from aos.runs where status = 'finished'`,
  );
  const rows = await owner.query<{ name: string; tables: string; indexes: string }>(
    `select case when n.nspname = 'aos' then coalesce(p.relname, c.relname) else n.nspname end as name,
            sum(pg_table_size(c.oid)) as tables, sum(pg_indexes_size(c.oid)) as indexes
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       left join pg_inherits i on i.inhrelid = c.oid
       left join pg_class p on p.oid = i.inhparent
      where n.nspname in ('aos', 'pgboss') and c.relkind = 'r'
      group by 1`,
  );
  return {
    at: now?.at ?? new Date(),
    finished: now?.finished ?? 0,
    tableBytes: new Map(rows.map(({ name, tables }) => [name, Number(tables)])),
    indexBytes: new Map(rows.map(({ name, indexes }) => [name, Number(indexes)])),
  };
}

/** A minute, or a fifth of the whole when that is shorter. */
async function rateRows({ owner }: Product, begun: Mark, end: Mark): Promise<Row[]> {
  const lengthMs = end.at.getTime() - begun.at.getTime();
  const partMs = Math.min(MINUTE_MS, lengthMs / 5);
  const [row] = await owner.query<{ first: number; last: number }>(
    `select count(*) filter (where finished_at between $1 and $1::timestamptz + $3 * interval '1 ms')::int as first,
            count(*) filter (where finished_at between $2::timestamptz - $3 * interval '1 ms' and $2)::int as last
       from aos.runs`,
    [begun.at, end.at, Math.round(partMs)],
  );
  return [
    compare({
      measure: 'soak.runs',
      unit: 'runs/s',
      reference: 'its first part',
      values: [((row?.last ?? 0) * 1000) / partMs],
      referenceValues: [((row?.first ?? 0) * 1000) / partMs],
      note: `${(lengthMs / MINUTE_MS).toFixed(1)} minutes, parts of ${Math.round(partMs / 1000)} s`,
    }),
  ];
}

/** Bytes a run in the second half against the first: more than 1 is bloat. */
function growthRows(begun: Mark, half: Mark, end: Mark): Row[] {
  const reference = 'in the first half';
  return ['tableBytes' as const, 'indexBytes' as const].flatMap((kind) =>
    [...end[kind].keys()].flatMap((name) => {
      const grown = (from: Mark, to: Mark) =>
        ((to[kind].get(name) ?? 0) - (from[kind].get(name) ?? 0)) / (to.finished - from.finished);
      const value = grown(half, end);
      const before = grown(begun, half);
      // Small tables grow by a page now and then, which says nothing.
      if (Math.max(value, before) < TELLING_BYTES_PER_RUN) return [];
      return [
        compare({
          measure: `soak.${kind === 'tableBytes' ? 'table' : 'index'}.${name}`,
          unit: 'bytes/run',
          reference,
          values: [value],
          referenceValues: [before],
        }),
      ];
    }),
  );
}

const TELLING_BYTES_PER_RUN = 16;
