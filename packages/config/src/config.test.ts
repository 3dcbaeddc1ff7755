import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { AosError } from '@aos/core';

import { loadConfig } from './config.ts';
import { loadLocalConfig } from './local-config.ts';

const DATABASE_URL = 'postgres://me:secret-canary@127.0.0.1:5432/aos';

test('everything but the database has a default', () => {
  const { warnings, ...config } = loadConfig({ DATABASE_URL });
  assert.deepEqual(config, {
    environment: 'development',
    logLevel: 'info',
    database: { url: DATABASE_URL },
    api: { host: '127.0.0.1', port: 8080 },
    admission: {
      queueDepthMax: 1_000_000,
      tenantQueueDepthMax: 200_000,
      queueAgeMaxS: 14_400,
      databaseLatencyMaxMs: 4_000,
    },
    worker: {
      host: '127.0.0.1',
      port: 0,
      slots: 200,
      graceMs: 10_000,
      gate: { lagMaxMs: 1_000, poolWaitMaxMs: 1_000, memoryMaxMb: 1_536 },
    },
    model: {},
    egress: { allowPrivateHosts: [], connectTo: {} },
    planner: { defaultScheme: 'https' },
    retention: { runDays: 90, logDays: 90, holdDays: 30 },
    queryConnections: {},
  });
  assert.deepEqual(warnings, []);
});

const traces = (more: Record<string, string>) => loadConfig({ DATABASE_URL, ...more }).traces;

test('traces are off until an endpoint is named, and their settings are checked all the same', () => {
  assert.equal(traces({ OTEL_TRACES_SAMPLER: 'always_on' }), undefined);
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318/';
  assert.deepEqual(traces({ OTEL_EXPORTER_OTLP_ENDPOINT }), {
    url: 'http://collector:4318/v1/traces',
    protocol: 'http/protobuf',
    headers: {},
    sampler: 'parentbased_always_on',
    ratio: 1,
    resource: {},
  });
  assert.equal(traces({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'true' }), undefined);
  assert.deepEqual(
    traces({
      OTEL_EXPORTER_OTLP_ENDPOINT,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/in',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%3Db, x=1',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_RESOURCE_ATTRIBUTES: 'team=a',
    }),
    {
      url: 'https://other/in',
      protocol: 'http/json',
      headers: { authorization: 'Bearer a=b', x: '1' },
      sampler: 'parentbased_traceidratio',
      ratio: 0.25,
      serviceName: 'mine',
      resource: { team: 'a' },
    },
  );
  for (const [name, wrong] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://x'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'canary'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%canary'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', '.'],
    ['OTEL_SDK_DISABLED', 'yes'],
  ] as const) {
    const told = problemOf({ [name]: wrong });
    assert.match(told, new RegExp(`${name} must be`), wrong);
    assert.doesNotMatch(told, /canary/);
  }
});

test('every setting is read', () => {
  const config = loadConfig({
    DATABASE_URL,
    AOS_ENVIRONMENT: 'staging',
    LOG_LEVEL: 'debug',
    HOST: '0.0.0.0',
    PORT: '0',
    WORKER_PORT: '9464',
    WORKER_SLOTS: '1000',
    WORKER_GRACE_MS: '0',
    WORKER_LAG_MAX_MS: '500',
    WORKER_POOL_WAIT_MAX_MS: '600',
    WORKER_MEMORY_MAX_MB: '700',
    AOS_QUEUE_DEPTH_MAX: '5000000',
    AOS_TENANT_QUEUE_DEPTH_MAX: '4000000',
    AOS_QUEUE_AGE_MAX_S: '60',
    AOS_DATABASE_LATENCY_MAX_MS: '800',
    AOS_FAIL_AT: 'after-intent',
    ANTHROPIC_API_KEY: 'key',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:11434',
    AOS_MODEL: 'a-model',
    AOS_ALLOW_PRIVATE_HOSTS: ' localhost:8080, 10.0.0.0/8 ,[::1]:80,',
    AOS_CONNECT_TO: 'google.com=127.0.0.1:4711, example.com:80=[::1]:81',
    AOS_DEFAULT_SCHEME: 'http',
    AOS_RUN_DAYS: '0',
    AOS_LOG_DAYS: '7',
    AOS_LOG_HOLD_DAYS: '3650',
    AOS_QUERY_CONNECTIONS: '{"default":{"url":"postgres://a/b","tenants":["default"]}}',
  });
  assert.equal(config.environment, 'staging');
  assert.equal(config.logLevel, 'debug');
  assert.deepEqual(config.api, { host: '0.0.0.0', port: 0 });
  assert.deepEqual(config.worker, {
    host: '0.0.0.0',
    port: 9464,
    slots: 1000,
    graceMs: 0,
    gate: { lagMaxMs: 500, poolWaitMaxMs: 600, memoryMaxMb: 700 },
    failAt: 'after-intent',
  });
  assert.deepEqual(config.admission, {
    queueDepthMax: 5_000_000,
    tenantQueueDepthMax: 4_000_000,
    queueAgeMaxS: 60,
    databaseLatencyMaxMs: 800,
  });
  assert.deepEqual(config.model, {
    apiKey: 'key',
    baseUrl: 'http://127.0.0.1:11434',
    name: 'a-model',
  });
  assert.deepEqual(config.egress, {
    allowPrivateHosts: ['localhost:8080', '10.0.0.0/8', '[::1]:80'],
    connectTo: { 'google.com': '127.0.0.1:4711', 'example.com:80': '[::1]:81' },
  });
  assert.equal(config.planner.defaultScheme, 'http');
  assert.deepEqual(config.retention, { runDays: 0, logDays: 7, holdDays: 3650 });
  assert.deepEqual(config.queryConnections, {
    default: { url: 'postgres://a/b', tenants: ['default'] },
  });
});

test('all that is wrong is told in one sentence', () => {
  assert.throws(() => loadConfig({ WORKER_SLOTS: '0', PORT: '65536', LOG_LEVEL: 'loud' }), {
    name: 'AosError',
    message:
      'Configuration: LOG_LEVEL must be one of error, warn, info, debug; DATABASE_URL is missing; ' +
      'PORT must be a whole number from 0 to 65535; WORKER_SLOTS must be a whole number from 1 to 1000.',
  });
});

test('numbers are whole and within their bounds', () => {
  for (const wrong of ['-1', '1.5', '1e2', ' 1', '0x10', 'NaN', '1001']) {
    assert.match(problemOf({ WORKER_SLOTS: wrong }), /^Configuration: WORKER_SLOTS must be/, wrong);
  }
  assert.match(problemOf({ WORKER_GRACE_MS: '600001' }), /WORKER_GRACE_MS/);
  assert.match(problemOf({ WORKER_PORT: '65536' }), /WORKER_PORT/);
});

test('an empty value counts as none', () => {
  assert.deepEqual(loadConfig({ DATABASE_URL, ANTHROPIC_API_KEY: '', PORT: '' }).model, {});
  assert.match(problemOf({ DATABASE_URL: '' }), /DATABASE_URL is missing/);
});

test('a problem never repeats a secret', () => {
  const told = problemOf({
    DATABASE_URL: 'mysql://me:secret-canary@host',
    AOS_QUERY_CONNECTIONS: '{"default":{"url":"secret-canary"}}',
  });
  assert.match(told, /DATABASE_URL must be.*AOS_QUERY_CONNECTIONS does not fit: #\/default\/url/);
  assert.doesNotMatch(told, /canary/);
});

test('a secret can come from a file, and its final line end is dropped', (t) => {
  const file = fileWith(t, `${DATABASE_URL}\n`);
  assert.equal(loadConfig({ DATABASE_URL_FILE: file }).database.url, DATABASE_URL);
  const key = fileWith(t, ' k\n\n');
  const config = loadConfig({ DATABASE_URL, ANTHROPIC_API_KEY_FILE: key });
  assert.equal(config.model.apiKey, ' k\n');
});

test('a secret that is given twice, or in a file that cannot be read, is refused', (t) => {
  const file = fileWith(t, DATABASE_URL);
  assert.match(
    problemOf({ DATABASE_URL_FILE: file }),
    /DATABASE_URL and DATABASE_URL_FILE are both set/,
  );
  assert.match(
    problemOf({ ANTHROPIC_API_KEY_FILE: `${file}.missing` }),
    /ANTHROPIC_API_KEY_FILE names a file that cannot be read/,
  );
  assert.match(
    problemOf({ DATABASE_URL: undefined, DATABASE_URL_FILE: fileWith(t, '\n') }),
    /DATABASE_URL_FILE names an empty file/,
  );
});

test('only secrets have a file form', () => {
  const config = loadConfig({ DATABASE_URL, PORT_FILE: '/missing', AOS_MODEL_FILE: '/missing' });
  assert.equal(config.api.port, 8080);
  assert.deepEqual(config.warnings, ['AOS_MODEL_FILE is no setting of AOS.']);
});

test('a name that looks like a setting but is none is warned of', () => {
  const config = loadConfig({ DATABASE_URL, AOS_ALOW_PRIVATE_HOSTS: 'x', AOS_HOME: '/tmp' });
  assert.deepEqual(config.warnings, ['AOS_ALOW_PRIVATE_HOSTS is no setting of AOS.']);
});

test('a deliberate fault is refused in production', () => {
  const told = problemOf({ AOS_ENVIRONMENT: 'production', AOS_FAIL_AT: 'x' });
  assert.equal(told, 'Configuration: AOS_FAIL_AT is refused in production.');
});

test('lists of hosts are refused when they are none', () => {
  assert.match(problemOf({ AOS_ALLOW_PRIVATE_HOSTS: 'a b' }), /AOS_ALLOW_PRIVATE_HOSTS must be/);
  for (const wrong of ['a', 'a=', 'a=b=c', 'a=b,a=c']) {
    assert.match(problemOf({ AOS_CONNECT_TO: wrong }), /AOS_CONNECT_TO must be/, wrong);
  }
});

test('connections are checked by their schema', () => {
  for (const wrong of ['{', '[]', '{"A b":{"url":"postgres://x"}}', '{"a":{"uri":"x"}}', 'null']) {
    assert.match(problemOf({ AOS_QUERY_CONNECTIONS: wrong }), /AOS_QUERY_CONNECTIONS/, wrong);
  }
});

test('the configuration is frozen to its depth', () => {
  const config = loadConfig({ DATABASE_URL });
  assert.throws(() => Object.assign(config.api, { port: 1 }), TypeError);
  assert.throws(() => (config.egress.allowPrivateHosts as string[]).push('x'), TypeError);
});

test('a local installation needs no setting, and refuses wrong ones of its services', () => {
  assert.deepEqual(loadLocalConfig({}), {
    home: '.aos',
    environment: 'development',
    host: '127.0.0.1',
    port: 8080,
    workers: 2,
    allowPrivateHosts: [],
    hasModel: false,
    hasQueryConnections: false,
    warnings: [],
  });
  assert.equal(loadLocalConfig({ DATABASE_URL }).databaseUrl, DATABASE_URL);
  assert.throws(() => loadLocalConfig({ WORKERS: '65' }), /WORKERS must be .* from 0 to 64/);
  assert.throws(() => loadLocalConfig({ WORKER_SLOTS: 'x' }), /WORKER_SLOTS/);
});

function problemOf(environment: Record<string, string | undefined>): string {
  try {
    loadConfig({ DATABASE_URL, ...environment });
  } catch (error) {
    assert.ok(error instanceof AosError);
    return error.message;
  }
  return 'no problem';
}

function fileWith(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'aos-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, content);
  chmodSync(file, 0o600);
  return file;
}
