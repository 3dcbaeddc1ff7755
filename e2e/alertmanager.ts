import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '@aos/local';

import { startWatcher } from './watcher.ts';

/** A real Alertmanager, started as in production: by its entrypoint. */
export interface Alertmanager extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** Its configuration and what is kept beside it. */
  readonly folder: string;
  log(): string;
  /** Tells it of alerts, as Prometheus does. */
  post(...alerts: readonly PostedAlert[]): Promise<void>;
  /** The receivers of an alert, and whether it is held back. */
  see(name: string): Promise<SeenAlert | undefined>;
}

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly endsAt?: string;
}

export interface SeenAlert {
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: string;
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
  };
}

export const entrypoint = fileURLToPath(
  new URL('../monitoring/alertmanager/entrypoint.sh', import.meta.url),
);

/** What every start needs; spans are short, so that a test need not wait. */
export const quickSettings: Readonly<Record<string, string>> = {
  SMTP_FROM: 'aos@example.com',
  SMTP_REQUIRE_TLS: 'false',
  ALERT_EMAIL_TO: 'on-call@example.com',
  ALERT_GROUP_WAIT: '1s',
  ALERT_GROUP_INTERVAL: '2s',
  ALERT_REPEAT_INTERVAL: '1h',
};

export async function startAlertmanager(
  settings: Readonly<Record<string, string>>,
): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'aos-alertmanager-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [
    '--output',
    join(folder, 'config.yml'),
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${url.slice('http://'.length)}`,
    `--web.external-url=${url}`,
    '--cluster.listen-address=',
    '--log.level=debug',
  ];
  const env = { PATH: '/usr/bin:/bin', ...quickSettings, ...settings };
  const watcher = await startWatcher(url, ['sh', entrypoint, ...args], env);
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response;
  };
  return {
    pid: watcher.pid,
    url,
    folder,
    log: () => watcher.log(),
    async post(...alerts) {
      await ask('/api/v2/alerts', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
    },
    async see(name) {
      const filter = encodeURIComponent(`alertname="${name}"`);
      const response = await ask(`/api/v2/alerts?filter=${filter}`);
      const [seen] = (await response.json()) as readonly SeenAlert[];
      return seen;
    },
    async [Symbol.asyncDispose]() {
      await watcher[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
