import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { settings } from '@aos/config';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly build?: object;
  readonly user?: string;
  readonly container_name?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: readonly string[];
  readonly restart: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly healthcheck: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly stop_grace_period?: string;
  readonly mem_limit: string;
  readonly cpus: number;
  readonly pids_limit: number;
  readonly privileged?: boolean;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MISSION = [
  'nova_db',
  'nova_agent_manager',
  'nova_worker',
  'nova_prometheus',
  'nova_alertmanager',
  'nova_grafana',
];
const ONCE = 'nova_prepare';

const file = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  networks: Record<string, { internal?: boolean }>;
  volumes: object;
};
const services = Object.entries(file.services);

test('the services of the mission are there under their names, and one that prepares', () => {
  assert.deepEqual(new Set(Object.keys(file.services)), new Set([...MISSION, ONCE]));
});

for (const [name, service] of services) {
  test(`${name} may do no more than it must`, () => {
    assert.equal(service.read_only, true);
    assert.deepEqual(service.cap_drop, ['ALL']);
    assert.ok(service.security_opt.includes('no-new-privileges:true'));
    assert.equal(service.privileged, undefined);
    assert.ok(service.mem_limit && service.cpus > 0 && service.pids_limit > 0);
    // The Dockerfile sets the user of our own image; a test of it says so.
    if (!service.build) assert.match(service.user ?? '', /^[1-9]\d*:\d+$/);
    assert.match(service.image, /:(v?\d+\.\d+|\$\{AOS_VERSION)/);
    for (const volume of service.volumes ?? []) {
      assert.ok(!volume.includes('docker.sock'));
      if (volume.startsWith('.')) assert.ok(volume.endsWith(':ro'), volume);
    }
    for (const port of service.ports ?? []) assert.match(port, /^\$\{\w+:-127\.0\.0\.1:\d+\}:\d+$/);
  });

  test(`${name} is watched, is started again, and has time to stop`, () => {
    if (name === ONCE) {
      assert.equal(service.restart, 'no');
      return;
    }
    assert.equal(service.restart, 'unless-stopped');
    assert.ok((service.healthcheck.test?.length ?? 0) > 1);
    assert.ok(secondsOf(service.stop_grace_period) >= 20);
  });

  test(`${name} gets its secrets as files, and only those that it names`, () => {
    const environment = Object.entries(service.environment ?? {});
    const read = environment
      .map(([, value]) => value.match(/^\/run\/secrets\/(\w+)$/)?.[1])
      .filter((secret) => secret !== undefined);
    assert.deepEqual(new Set(read), new Set(service.secrets ?? []));
    for (const secret of read) assert.ok(Object.hasOwn(file.secrets, secret), secret);
    for (const [setting, value] of environment) {
      const known = settings[setting as keyof typeof settings] as { secret: boolean } | undefined;
      assert.ok(!known?.secret, `${setting} would be in the environment`);
      if (/PASSWORD|TOKEN|KEY$/.test(setting)) assert.match(value, /^\/run\/secrets\//);
      // What is no setting would be warned of in the log and do nothing.
      if (service.build) assert.ok(known ?? setting.endsWith('_FILE'), setting);
    }
  });
}

test('a worker can be there many times, and stops later than it has grace', () => {
  const worker = file.services['nova_worker'];
  assert.ok(worker);
  assert.equal(worker.container_name, undefined);
  assert.equal(worker.ports, undefined);
  const graceS = Number(worker.environment?.['WORKER_GRACE_MS']) / 1000;
  assert.ok(secondsOf(worker.stop_grace_period) >= graceS + 10);
});

test('the database speaks to the services alone, and nothing but two ports is open to the host', () => {
  assert.equal(file.networks['data']?.internal, true);
  const inData = services.filter(([, { networks }]) => networks.includes('data'));
  assert.deepEqual(
    new Set(inData.map(([name]) => name)),
    new Set(['nova_db', ONCE, 'nova_agent_manager', 'nova_worker']),
  );
  const open = services.filter(([, { ports }]) => ports);
  assert.deepEqual(
    open.map(([name]) => name),
    ['nova_agent_manager', 'nova_grafana'],
  );
});

test('what is mounted and what is started is there', () => {
  for (const [, service] of services) {
    const mounted = (service.volumes ?? []).filter((volume) => volume.startsWith('./'));
    const programs = service.build ? (service.command ?? []) : [];
    for (const path of [...mounted.map((volume) => volume.split(':')[0] ?? ''), ...programs]) {
      accessSync(join(ROOT, path), constants.R_OK);
    }
  }
});

test('Prometheus asks every replica that the names of the services lead to', () => {
  const config = parse(readFileSync(join(ROOT, 'monitoring/prometheus.compose.yml'), 'utf8')) as {
    scrape_configs: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[];
  };
  const ports = { nova_agent_manager: 'PORT', nova_worker: 'WORKER_PORT' } as const;
  for (const [name, setting] of Object.entries(ports)) {
    const job = config.scrape_configs.find((each) => each.job_name === name);
    assert.deepEqual(job?.dns_sd_configs?.[0]?.names, [name]);
    assert.equal(
      String(job?.dns_sd_configs?.[0]?.port),
      file.services[name]?.environment?.[setting],
    );
  }
});

test('Prometheus measures and alarms in containers as it does elsewhere', () => {
  const [here, elsewhere] = ['prometheus.compose.yml', 'prometheus.yml'].map(
    (name) =>
      parse(readFileSync(join(ROOT, 'monitoring', name), 'utf8')) as Record<string, unknown>,
  );
  for (const part of ['global', 'rule_files']) {
    assert.ok(here?.[part]);
    assert.deepEqual(here[part], elsewhere?.[part]);
  }
});

test('secrets are made once, for their owner alone, and what is not ours to make is asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aos secrets-'));
  try {
    const make = () =>
      spawnSync('sh', [join(ROOT, 'deploy/scripts/make-secrets.sh'), join(folder, 's')], {
        encoding: 'utf8',
      });
    const read = (name: string) => readFileSync(join(folder, 's', name), 'utf8').trim();
    const first = make();
    assert.equal(first.status, 1);
    assert.match(first.stderr, /slack_webhook_url.*smtp_password/);
    assert.equal(statSync(join(folder, 's')).mode & 0o777, 0o700);
    const made = Object.keys(file.secrets).filter((name) => !/slack|smtp/.test(name));
    const before = made.map(read);
    assert.equal(new Set(before).size, made.length);
    for (const text of before) assert.match(text, /[0-9a-f]{48}/);
    assert.ok(read('database_owner_url').includes(read('database_password')));
    make();
    assert.deepEqual(made.map(read), before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function secondsOf(span: string | undefined): number {
  const [, amount, unit] = span?.match(/^(\d+)(s|m)$/) ?? [];
  return Number(amount ?? 0) * (unit === 'm' ? 60 : 1);
}
