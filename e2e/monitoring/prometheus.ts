import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, writePrometheusConfig } from '@aos/local';

import { eventually } from '../checks.ts';

/** A real Prometheus with the configuration of an installation, in a home of its own. */
export interface Prometheus extends AsyncDisposable {
  readonly home: string;
  /** The value of each series of an instant query, by its labels. */
  query(expr: string): Promise<Sample[]>;
  /** What an endpoint of its API says. */
  get(path: string): Promise<unknown>;
  log(): string;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Time runs faster: everything that is every 15 s is every second. */
export async function startPrometheus(): Promise<Prometheus> {
  const home = mkdtempSync(join(tmpdir(), 'aos-prometheus-'));
  const config = writePrometheusConfig(home, 'development');
  const quick = readFileSync(config, 'utf8')
    .replaceAll(/_interval: 15s/g, '_interval: 1s')
    .replace('scrape_timeout: 10s', 'scrape_timeout: 1s');
  writeFileSync(config, quick);
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const exited = once(child, 'exit');
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${log}`);
    const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined);
    return ready?.ok === true || undefined;
  });
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as Record<string, unknown>;
    if (status !== 'success') throw new Error(`Prometheus says: ${String(error)}`);
    return data;
  };
  return {
    home,
    get,
    async query(expr) {
      const data = (await get(`query?query=${encodeURIComponent(expr)}`)) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    log: () => log,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
