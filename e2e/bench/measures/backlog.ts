import { setTimeout as sleep } from 'node:timers/promises';

import type { Bench, Measure } from '../bench.ts';
import { tell, type Sample } from '../contestant.ts';
import { observe } from '../observe.ts';
import { takePages, type Page, type PageTimes } from '../pages.ts';
import { installProduct, workDone, type Product } from '../product.ts';
import { compare, skipped, type Row } from '../row.ts';
import { drained } from './drain.ts';

const RUNS = 4_000;
const FEW = 1_000;
const WINDOW_MS_MIN = 3_000;

/** A long queue must make neither the worker nor a page of a list slow. */
export const backlog: Measure = {
  name: 'backlog',
  about: 'rate and list pages with very many queued runs, against an empty queue',
  async take(bench) {
    const { say } = bench.rounds;
    const count = bench.count(RUNS);
    const few = await pagesOver(bench, FEW);
    const empty = await drained(bench, count).take();
    say(`  empty queue: ${tell(empty)}`);
    const { full, pages } = await behind(bench, Math.max(WINDOW_MS_MIN, empty.seconds * 1_000));
    say(`  ${bench.backlog} queued: ${tell(full)}`);
    return [...rates(bench, empty, full), ...pageRows(bench, pages, few)];
  },
};

async function behind(
  bench: Bench,
  windowMs: number,
): Promise<{ full: Sample; pages: readonly PageTimes[] }> {
  await using product = await installProduct(bench.server);
  bench.rounds.say(`  storing ${bench.backlog} runs`);
  await product.load(bench.backlog);
  await product.base.settle();
  const pages = await read(product);
  const worker = await product.startWorker();
  // For a time, not for a number of runs: counting them again and again would be work for the database.
  const [, cost] = await observe(bench.server, product.databaseUrl, worker.pid, () =>
    sleep(windowMs),
  );
  worker.kill('SIGSTOP');
  return { full: { ...(await workDone(product)), cost }, pages };
}

async function pagesOver(bench: Bench, count: number): Promise<readonly PageTimes[]> {
  await using product = await installProduct(bench.server);
  await product.load(count);
  await product.base.settle();
  return await read(product);
}

async function read(product: Product): Promise<readonly PageTimes[]> {
  const api = await product.startApi();
  const [apiKey = ''] = await product.newKeys(1);
  const pages = await takePages(`http://127.0.0.1:${api.port}`, apiKey);
  api.kill('SIGTERM');
  await api.exited;
  return pages;
}

function rates(bench: Bench, empty: Sample, full: Sample): Row[] {
  const row = (measure: string, unit: string, value: (sample: Sample) => number) =>
    compare({
      measure: `backlog.${measure}`,
      unit,
      reference: 'the same with an empty queue',
      values: [value(full)],
      referenceValues: [value(empty)],
      note: `${bench.backlog} queued`,
    });
  return [
    row('runs', 'runs/s', ({ count, seconds }) => count / seconds),
    row('cpu.database', 's/1000 runs', ({ cost, count }) => (cost.databaseCpuS * 1000) / count),
  ];
}

function pageRows(bench: Bench, many: readonly PageTimes[], few: readonly PageTimes[]): Row[] {
  const reference = `the same page over ${FEW} runs`;
  return many.map(({ page, p95Ms, failure }) => {
    const measure = `backlog.page.${page satisfies Page}.p95`;
    if (failure !== undefined) return skipped(measure, reference, failure);
    const other = few.find((times) => times.page === page);
    return compare({
      measure,
      unit: 'ms',
      reference,
      values: [p95Ms],
      referenceValues: [other?.p95Ms ?? Number.NaN],
      note: `${bench.backlog} runs`,
    });
  });
}
