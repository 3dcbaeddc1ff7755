import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { freePort } from '@aos/local';
import { parse, stringify } from 'yaml';

import { compressRules, type Compression } from './compress.ts';
import { eventually } from './eventually.ts';
import { startProgram, type Program } from './program.ts';
import { MONITORING, RULE_FILES } from './rule-files.ts';

/** A real Prometheus with the committed configuration, only quicker. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  readonly program: Program;
  alerts(name: string): Promise<readonly ActiveAlert[]>;
  /** The first value, if there is any. */
  value(query: string): Promise<number | undefined>;
  /** The same one again, with what it knew. */
  restart(): Promise<void>;
}

export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface PrometheusOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly environment: string;
  readonly alertmanager: string;
  readonly compression: Compression;
  /** The file that names the replicas. */
  readonly targets: string;
  /** Stands for the node exporter, whose textfile collector tells what `aos check` found. */
  readonly exporter: { readonly host: string; readonly path: string };
}

const EVERY = '1s';
const START_MS = 60_000;
const ASK_MS = 10_000;

interface Configuration {
  global: Record<string, unknown>;
  rule_files: string[];
  alerting: unknown;
  scrape_configs: ScrapeConfig[];
}

interface ScrapeConfig {
  readonly job_name: string;
  readonly metrics_path?: string;
  file_sd_configs?: { files: string[]; refresh_interval: string }[];
  static_configs?: { targets: string[] }[];
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { folder } = options;
  const address = `127.0.0.1:${await freePort()}`;
  const config = configure(options, address);
  const start = () =>
    startProgram({
      name: 'Prometheus',
      command: [
        'prometheus',
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        `--web.external-url=http://${address}`,
        // Four times as long Alertmanager believes what it was told last: when Prometheus dies, the watchdog ends then.
        `--rules.alert.resend-delay=${EVERY}`,
      ],
      env: options.env,
      logFile: join(folder, 'prometheus.log'),
    });
  let program = start();
  const url = `http://${address}`;
  const ready = () => untilReady(url, program);
  try {
    await ready();
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return {
    url,
    get program() {
      return program;
    },
    async alerts(name) {
      const { alerts } = (await ask(url, '/api/v1/alerts')) as { alerts: ActiveAlert[] };
      return alerts.filter(({ labels }) => labels['alertname'] === name);
    },
    async value(query) {
      const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
      const { result } = (await ask(url, path)) as { result: { value?: [number, string] }[] };
      const value = result[0]?.value?.[1];
      return value === undefined ? undefined : Number(value);
    },
    async restart() {
      await program[Symbol.asyncDispose]();
      program = start();
      await ready();
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Waits for a program that says at /-/ready whether it is. */
export async function untilReady(url: string, program: Program): Promise<void> {
  await eventually({ what: `${program.name} was ready`, limitMs: START_MS }, async () => {
    if (!program.lives) throw new Error(`${program.name} ended:\n${program.log()}`);
    const init = { signal: AbortSignal.timeout(ASK_MS) };
    const answer = await fetch(`${url}/-/ready`, init).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
}

function configure(options: PrometheusOptions, address: string): string {
  const { folder, environment, alertmanager, compression, exporter, targets } = options;
  const config = parse(readFileSync(join(MONITORING, 'prometheus.yml'), 'utf8')) as Configuration;
  config.global['scrape_interval'] = EVERY;
  config.global['scrape_timeout'] = EVERY;
  config.global['evaluation_interval'] = EVERY;
  config.global['external_labels'] = { environment };
  config.rule_files = RULE_FILES.map((file) => basename(file));
  config.alerting = { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] };
  for (const job of config.scrape_configs) {
    if (job.file_sd_configs) {
      job.file_sd_configs = [{ files: [targets], refresh_interval: EVERY }];
    } else job.static_configs = [{ targets: [address] }];
  }
  config.scrape_configs.push({
    job_name: 'node_exporter',
    metrics_path: exporter.path,
    static_configs: [{ targets: [exporter.host] }],
  });
  for (const file of RULE_FILES) {
    const rules = compressRules(readFileSync(file, 'utf8'), overridesOf(file, compression));
    writeFileSync(join(folder, basename(file)), rules);
  }
  const path = join(folder, 'prometheus.yml');
  writeFileSync(path, stringify(config, { aliasDuplicateObjects: false }));
  return path;
}

/** A file knows only its own rules. */
function overridesOf(file: string, { factor, overrides = [] }: Compression): Compression {
  const text = readFileSync(file, 'utf8');
  return {
    factor,
    overrides: overrides.filter(({ rule }) => text.includes(`: ${rule}\n`)),
  };
}

async function ask(url: string, path: string): Promise<unknown> {
  const response = await fetch(url + path, { signal: AbortSignal.timeout(ASK_MS) });
  if (!response.ok) throw new Error(`Prometheus answered ${response.status} to ${path}.`);
  const { data } = (await response.json()) as { data: unknown };
  return data;
}
