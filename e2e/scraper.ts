import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '@aos/local';

import { eventually } from './checks.ts';

/** A real Prometheus that reads the metrics of given processes each second. */
export interface Scraper extends AsyncDisposable {
  /** The finite values that an expression has now. Fails with what Prometheus says of a wrong one. */
  values(expr: string): Promise<number[]>;
  /** The values of a label, as a variable of a dashboard finds them. */
  labelValues(metric: string, label: string): Promise<string[]>;
}

/** Jobs by their name, each with its ports. An alert always fires, so that there is one. */
export async function startScraper(
  jobs: Readonly<Record<string, readonly number[]>>,
): Promise<Scraper> {
  const dir = mkdtempSync(join(tmpdir(), 'aos scraper-'));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.json'],
    scrape_configs: Object.entries(jobs).map(([job_name, ports]) => ({
      job_name,
      static_configs: [{ targets: ports.map((port) => `127.0.0.1:${port}`) }],
    })),
  };
  const watchdog = { alert: 'Watchdog', expr: 'vector(1)', labels: { severity: 'none' } };
  // JSON is YAML.
  writeFileSync(join(dir, 'prometheus.json'), JSON.stringify(config));
  writeFileSync(
    join(dir, 'rules.json'),
    JSON.stringify({ groups: [{ name: 'test', rules: [watchdog] }] }),
  );
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.json')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit');
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as Record<string, unknown>;
    if (status !== 'success') throw new Error(`Prometheus says of ${path}: ${String(error)}`);
    return data;
  };
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${log}`);
    const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined);
    return ready?.ok === true || undefined;
  });
  return {
    async values(expr) {
      const data = (await ask(`query?query=${encodeURIComponent(expr)}`)) as {
        result: { value: [number, string] }[];
      };
      return data.result.map(({ value }) => Number(value[1])).filter(Number.isFinite);
    },
    async labelValues(metric, label) {
      return (await ask(`label/${label}/values?match[]=${encodeURIComponent(metric)}`)) as string[];
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
