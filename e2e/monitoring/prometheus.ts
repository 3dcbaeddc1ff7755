import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, writePrometheusConfig } from '@aos/local';

import { askPrometheus, queryPrometheus, type Sample } from '../prometheus-api.ts';
import { startWatcher } from '../watcher.ts';

/** A real Prometheus with the configuration of an installation, in a home of its own. */
export interface Prometheus extends AsyncDisposable {
  readonly home: string;
  /** The value of each series of an instant query, by its labels. */
  query(expr: string): Promise<Sample[]>;
  /** What an endpoint of its API says. */
  get(path: string): Promise<unknown>;
  log(): string;
}

/** Time runs faster: everything that is every 15 s is every second. */
export async function startPrometheus(): Promise<Prometheus> {
  const home = mkdtempSync(join(tmpdir(), 'aos-prometheus-'));
  const config = writePrometheusConfig(home, 'development');
  const quick = readFileSync(config, 'utf8')
    .replaceAll(/_interval: 15s/g, '_interval: 1s')
    .replace('scrape_timeout: 10s', 'scrape_timeout: 1s');
  writeFileSync(config, quick);
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const prometheus = await startWatcher(url, [
    'prometheus',
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(home, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);
  return {
    home,
    get: (path) => askPrometheus(url, path),
    query: (expr) => queryPrometheus(url, expr),
    log: () => prometheus.log(),
    async [Symbol.asyncDispose]() {
      await prometheus[Symbol.asyncDispose]();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
