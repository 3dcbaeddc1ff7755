import type { Bench, Measure } from '../bench.ts';
import { observe } from '../observe.ts';
import { assertStored, installProduct } from '../product.ts';
import { startProgram } from '../program.ts';
import { CALLERS, CONNECTIONS, sendRuns } from '../requests.ts';
import { interleave, rowsOf, type Side } from '../rounds.ts';
import { percentile } from '../statistics.ts';

const REQUESTS = 8_000;
const LIMIT_MS = 120_000;

interface Sample {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
  readonly serverCpuMs: number;
  readonly databaseCpuMs: number;
}

/** What a `POST /v1/runs` costs that is on the disk before it is answered. No worker is there. */
export const accept: Measure = {
  name: 'accept',
  about: `POST /v1/runs, ${CONNECTIONS} connections, durable before it is answered`,
  async take(bench) {
    const count = bench.count(REQUESTS);
    const sides = [
      { name: 'aos', take: () => ours(bench, count) },
      express(bench, 'bare', count),
      express(bench, 'transaction', Math.ceil(count / 4)),
    ];
    return rowsOf(await interleave(sides, { ...bench.rounds, tell }), 'accept', [
      { measure: 'requests', unit: 'requests/s', value: ({ perSecond }) => perSecond },
      { measure: 'p50', unit: 'ms', value: ({ latenciesMs }) => percentile(latenciesMs, 50) },
      { measure: 'p99', unit: 'ms', value: ({ latenciesMs }) => percentile(latenciesMs, 99) },
      { measure: 'cpu.api', unit: 'ms/request', value: ({ serverCpuMs }) => serverCpuMs },
      { measure: 'cpu.database', unit: 'ms/request', value: ({ databaseCpuMs }) => databaseCpuMs },
    ]);
  },
};

async function ours(bench: Bench, count: number): Promise<Sample> {
  await using product = await installProduct(bench.server);
  const api = await product.startApi({}, bench.profile?.flags);
  const keys = await product.newKeys(CALLERS);
  await bench.profile?.begin(product.databaseUrl);
  const sample = await shoot(bench, product.databaseUrl, api, keys, count);
  await assertStored(product, count);
  await bench.profile?.end('accept', product.databaseUrl, api);
  return sample;
}

function express(bench: Bench, kind: 'bare' | 'transaction', count: number): Side<Sample> {
  return {
    name: kind === 'bare' ? 'bare Express 5' : 'Express 5, transaction per request',
    async take() {
      await using database = await bench.server.database();
      const file = new URL('../references/express.program.ts', import.meta.url);
      await using server = await startProgram(file, [kind, database.url], { limitMs: LIMIT_MS });
      return await shoot(bench, database.url, server, [], count);
    },
  };
}

async function shoot(
  bench: Bench,
  databaseUrl: string,
  server: { readonly pid: number; readonly port: number },
  keys: readonly string[],
  count: number,
): Promise<Sample> {
  const [report, cost] = await observe(bench.server, databaseUrl, server.pid, () =>
    sendRuns({ port: server.port, keys, count }),
  );
  return {
    perSecond: report.accepted / report.seconds,
    latenciesMs: report.latenciesMs,
    serverCpuMs: (cost.workerCpuS * 1000) / count,
    databaseCpuMs: (cost.databaseCpuS * 1000) / count,
  };
}

function tell({ perSecond }: Sample): string {
  return `${Math.round(perSecond)} requests/s`;
}
