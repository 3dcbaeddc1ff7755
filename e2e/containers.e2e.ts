import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { endPostgres, freePort, lackOf, startPostgres } from '@aos/local';
import { createClient } from '@aos/sdk';
import { createDatabase, type Database } from '@aos/store';
import { startPageServer } from '@aos/testing';
import { parse } from 'yaml';

import { googlePage, MISSION_GOAL } from './pages.ts';

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: { readonly test?: readonly string[] };
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPOSE = join(ROOT, 'docker-compose.yml');
const START_TIMEOUT_MS = 60_000;
const GOAL_TIMEOUT_S = 60;

test(
  'docker-compose understands its file, also with a model',
  { skip: lackOf('docker-compose') },
  () => {
    for (const more of [[], ['-f', join(ROOT, 'deploy/docker-compose.model.yml')]]) {
      const args = ['-f', COMPOSE, '--project-directory', ROOT, ...more, 'config'];
      const { status, stdout, stderr } = spawnSync('docker-compose', args, {
        cwd: ROOT,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] },
      });
      assert.equal(status, 0, stderr);
      const { services } = parse(stdout) as { services: Record<string, Service> };
      assert.equal(Object.keys(services).length, 7);
      assert.equal(
        services['nova_worker']?.environment['ANTHROPIC_API_KEY_FILE'] !== undefined,
        more.length > 0,
      );
    }
  },
);

test('Prometheus takes the configuration that it is given', { skip: lackOf('promtool') }, () => {
  const config = join(ROOT, 'monitoring/prometheus.compose.yml');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', config], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
});

test('Alertmanager is configured by what it is given', { skip: lackOf('amtool') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'aos alertmanager-'));
  try {
    const render = (given: Readonly<Record<string, string>>) => {
      const { nova_alertmanager: service } = composeOf();
      const env = { ...environmentOf(service as Service, dir), ...given };
      const script = join(ROOT, 'monitoring/alertmanager/entrypoint.sh');
      const args = [script, '--output', join(dir, 'config.yml'), '--render-only'];
      const { status, stderr } = spawnSync('sh', args, {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], ...env },
      });
      return { status, stderr };
    };
    const nothing = render({});
    assert.equal(nothing.status, 2);
    assert.match(nothing.stderr, /SMTP_SMARTHOST.*SLACK_WEBHOOK_URL_FILE/);
    writeFileSync(join(dir, 'slack_webhook_url'), 'https://hooks.example.com/planted\n');
    writeFileSync(join(dir, 'smtp_password'), 'planted-password\n');
    const settings = { SMTP_SMARTHOST: 'smtp.example.com:587', SMTP_USER: 'aos' };
    const addresses = { SMTP_FROM: 'aos@example.com', ALERT_EMAIL_TO: 'on-call@example.com' };
    const whole = render({ ...settings, ...addresses });
    assert.equal(whole.status, 0, whole.stderr);
    assert.ok(!readFileSync(join(dir, 'config.yml'), 'utf8').includes('planted'));
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('the commands of the compose file prepare a PostgreSQL 15, serve, and pursue a goal', async () => {
  await using ground = await groundOf();
  await using pages = await startPageServer({ '/': googlePage });
  const { run, start } = ground;

  // The logins are made by the preparation: before it nobody gets in.
  const early = await run('nova_agent_manager');
  assert.equal(early.code, 1);
  assert.match(early.output, /^password authentication failed for user "aos_api"$/m);
  const prepared = await run('nova_prepare');
  assert.equal(prepared.code, 0, prepared.output);
  assert.match(prepared.output, /2 logins of services/);
  const again = await run('nova_prepare');
  assert.equal(again.code, 0, again.output);
  const made = await run('nova_prepare', ['deploy/container/create-key.ts', '--name', 'operator']);
  const apiKey = made.output.trim();
  assert.match(apiKey, /^aos_[0-9a-f]{32}_/);

  const api = await start('nova_agent_manager', {});
  const workers = [
    await start('nova_worker', reaching(pages.host)),
    await start('nova_worker', reaching(pages.host)),
  ];
  const client = createClient({ url: `http://127.0.0.1:${api.ports['PORT']}`, apiKey });
  const accepted = await client.runs.create({ goal: MISSION_GOAL }, { waitS: GOAL_TIMEOUT_S });
  assert.equal(accepted.outcome, 'succeeded', JSON.stringify(accepted.failure));

  // No service works as the owner, and none takes a password from its environment or its command line.
  const logins = await ground.database.query<{ usename: string }>(
    `select distinct usename from pg_stat_activity where application_name in ('aos-api', 'aos-worker')`,
  );
  assert.deepEqual(
    new Set(logins.map(({ usename }) => usename)),
    new Set(['aos_api', 'aos_worker']),
  );
  for (const { pid } of [api, ...workers]) {
    for (const file of ['environ', 'cmdline']) {
      const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
      for (const secret of ground.passwords) assert.ok(!text.includes(secret), file);
    }
  }
  for (const service of [...workers, api]) {
    assert.equal(await service.stop(), 0, service.output());
    for (const secret of ground.passwords) assert.ok(!service.output().includes(secret));
  }

  rmSync(join(ground.secrets, 'database_owner_url'));
  const without = await run('nova_prepare');
  assert.equal(without.code, 2);
  assert.match(without.output, /DATABASE_URL_FILE names a file that cannot be read/);
});

function reaching(host: string): Record<string, string> {
  return {
    AOS_ALLOW_PRIVATE_HOSTS: host,
    AOS_CONNECT_TO: `google.com=${host}`,
    AOS_DEFAULT_SCHEME: 'http',
  };
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

interface Running {
  readonly pid: number;
  /** By the name of the setting. */
  readonly ports: Readonly<Record<string, string>>;
  output(): string;
  /** As the engine stops a container. Its exit code. */
  stop(): Promise<number | null>;
}

interface Ground extends AsyncDisposable {
  readonly database: Database;
  readonly secrets: string;
  readonly passwords: readonly string[];
  /** To its end. */
  readonly run: (service: string, command?: readonly string[]) => Promise<Ended>;
  /** Until its own health check says that it is well. */
  readonly start: (service: string, more: Readonly<Record<string, string>>) => Promise<Running>;
}

function composeOf(): Readonly<Record<string, Service>> {
  const { services } = parse(readFileSync(COMPOSE, 'utf8'), { merge: true }) as {
    services: Record<string, Service>;
  };
  return services;
}

/** What an engine gives to the containers: a PostgreSQL 15 that syncs, and the secrets as files. */
async function groundOf(): Promise<Ground> {
  const made = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'aos containers-'));
  made.defer(() => rmSync(dir, { recursive: true, force: true }));
  const server = await startPostgres({ dir: join(dir, 'db'), version: '15', keep: true });
  made.defer(() => endPostgres(join(dir, 'db')));
  const database = createDatabase({ url: server.url, applicationName: 'e2e', connectionsMax: 2 });
  made.defer(() => database.close());
  await database.query('create database aos');

  const secrets = join(dir, 'secrets');
  mkdirSync(secrets);
  const script = join(ROOT, 'deploy/scripts/make-secrets.sh');
  spawnSync('sh', [script, secrets], { stdio: 'ignore' });
  const passwords = atServer(secrets, server.url);

  const services = composeOf();
  const children: ChildProcess[] = [];
  made.defer(async () => {
    for (const child of children) if (isAlive(child)) child.kill('SIGKILL');
    await Promise.all(children.map(async (child) => isAlive(child) && (await once(child, 'exit'))));
  });
  const launch = (name: string, command: readonly string[], env: Record<string, string>) => {
    const child = spawn(process.execPath, [...command], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (output += text.toString()));
    }
    return { child, output: () => output, name };
  };
  return {
    database,
    secrets,
    passwords,
    async run(name, command) {
      const service = services[name] as Service;
      const ports = await portsOf(service);
      const env = { ...environmentOf(service, secrets), ...ports };
      const { child, output } = launch(name, command ?? service.command, env);
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, output: output() };
    },
    async start(name, more) {
      const service = services[name] as Service;
      const ports = await portsOf(service);
      const env = { ...environmentOf(service, secrets), ...ports, ...more };
      const { child, output } = launch(name, service.command, env);
      await healthy(service, ports, () => isAlive(child), output);
      return {
        pid: child.pid ?? 0,
        ports,
        output,
        async stop() {
          child.kill('SIGTERM');
          const [code] = (await once(child, 'exit')) as [number | null];
          return code;
        },
      };
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

/** The URLs of the secrets lead to the server of the test instead of `nova_db`. Returns the passwords. */
function atServer(secrets: string, serverUrl: string): string[] {
  const server = new URL(serverUrl);
  return ['owner', 'api', 'worker'].map((who) => {
    const file = join(secrets, `database_${who}_url`);
    const url = new URL(readFileSync(file, 'utf8').trim());
    url.host = server.host;
    // The server was made with a password of its own for its owner.
    if (who === 'owner') url.password = server.password;
    rmSync(file);
    writeFileSync(file, `${url.href}\n`);
    return url.password;
  });
}

/** The environment of a service as an engine would make it, with the secrets where they are here. */
function environmentOf(service: Service, secrets: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service.environment).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replace(/^\/run\/secrets\//, `${secrets}/`),
    ]),
  );
}

/** Containers have ports of their own; processes share one machine. */
async function portsOf(service: Service): Promise<Record<string, string>> {
  const names = Object.keys(service.environment).filter((name) => /^(WORKER_)?PORT$/.test(name));
  const ports = await Promise.all(names.map(async (name) => [name, String(await freePort())]));
  return Object.fromEntries(ports) as Record<string, string>;
}

async function healthy(
  service: Service,
  ports: Readonly<Record<string, string>>,
  alive: () => boolean,
  output: () => string,
): Promise<void> {
  const [kind, ...check] = service.healthcheck.test ?? [];
  assert.equal(kind, 'CMD');
  const port = ports['WORKER_PORT'] ?? ports['PORT'];
  const args = check.slice(1).map((word) => word.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));
  for (const end = Date.now() + START_TIMEOUT_MS; ; await sleep(200)) {
    const probe = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
    const [code] = (await once(probe, 'exit')) as [number | null];
    if (code === 0) return;
    if (!alive() || Date.now() > end) assert.fail(`It does not become healthy:\n${output()}`);
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
