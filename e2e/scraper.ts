import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '@aos/local';

import { askPrometheus, queryPrometheus } from './prometheus-api.ts';
import { startWatcher } from './watcher.ts';

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
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const prometheus = await startWatcher(url, [
    'prometheus',
    `--config.file=${join(dir, 'prometheus.json')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);
  return {
    async values(expr) {
      const samples = await queryPrometheus(url, expr);
      return samples.map(({ value }) => value).filter(Number.isFinite);
    },
    async labelValues(metric, label) {
      const path = `label/${label}/values?match[]=${encodeURIComponent(metric)}`;
      return (await askPrometheus(url, path)) as string[];
    },
    async [Symbol.asyncDispose]() {
      await prometheus[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
