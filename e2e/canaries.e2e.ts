import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { JsonObject } from '@aos/core';
import {
  startAnthropicServer,
  startOtlpServer,
  startPageServer,
  type AnthropicReply,
} from '@aos/testing';
import { Client } from 'pg';

import { eventually } from './checks.ts';
import { startService } from './process.ts';
import { found, gather } from './search.ts';
import { startStack, type Stack } from './stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'aos-canaries-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Of no shape that anybody could know by its look. */
const canary = (name: string): string => `${name}${randomBytes(9).toString('hex')}`;

function fileWith(content: string): string {
  const path = join(folder, randomBytes(6).toString('hex'));
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** A login of its own with that password, and the address to use it. */
async function loginWith(databaseUrl: string, password: string) {
  const role = canary('role');
  const asOwner = async (sql: string): Promise<void> => {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await asOwner(`create role ${role} superuser login password '${password}'`);
  const url = new URL(databaseUrl);
  Object.assign(url, { username: role, password });
  return { url: url.href, [Symbol.asyncDispose]: () => asOwner(`drop role ${role}`) };
}

const failing = (skill: string, input: JsonObject) => ({
  goal: 'x',
  plan: { version: 1 as const, steps: [{ key: 'a', skill, input, retry: { attempts: 1 } }] },
});

async function ended(stack: Stack, body: Parameters<Stack['client']['runs']['create']>[0]) {
  const run = await stack.client.runs.create(body);
  return eventually(async () => {
    const now = await stack.client.runs.get(run.id);
    return now.status === 'finished' ? now : undefined;
  });
}

test('a secret is found nowhere: not in lines, metrics, traces, errors, the process list, nor in tables', async () => {
  const secrets = {
    database: canary('database'),
    model: canary('model'),
    query: canary('query'),
    collector: canary('collector'),
    header: canary('header'),
    query2: canary('address'),
    webhook: canary('hook'),
  };
  // It repeats what it was sent, as some hosts do.
  const echo: AnthropicReply = {
    do: 'fail',
    status: 401,
    message: `The key ${secrets.model} is not known here.`,
  };
  await using model = await startAnthropicServer({ script: () => echo, apiKey: secrets.model });
  await using collector = await startOtlpServer();
  await using pages = await startPageServer({
    '/no': (request, response) =>
      void response.writeHead(403).end(`No: ${request.headers.authorization}`),
  });
  await using stack = await startStack({
    workers: 0,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS_FILE: fileWith(`authorization=Bearer%20${secrets.collector}`),
      AOS_ALLOW_PRIVATE_HOSTS: `${pages.host},127.0.0.1:9`,
      AOS_QUERY_CONNECTIONS: JSON.stringify({
        default: { url: `postgres://me:${secrets.query}@127.0.0.1:9/x` },
      }),
      ANTHROPIC_API_KEY_FILE: fileWith(secrets.model),
      ANTHROPIC_BASE_URL: model.url,
    },
  });
  await using login = await loginWith(stack.databaseUrl, secrets.database);
  const asOperator = {
    DATABASE_URL: '',
    DATABASE_URL_FILE: fileWith(login.url),
  };
  const services = [await stack.addApi(asOperator), await stack.addWorker(asOperator)];

  const headers = { authorization: `Bearer ${secrets.header}` };
  const hooked = await stack.client.webhooks.create({
    url: `${pages.url}/no?token=${secrets.webhook}`,
    types: ['run.finished'],
  });
  const outcomes = await Promise.all([
    ended(stack, failing('http_request', { url: `${pages.url}/no`, headers })),
    ended(stack, failing('http_request', { url: `http://127.0.0.1:9/?k=${secrets.query2}` })),
    ended(stack, failing('postgres_query', { sql: 'select 1' })),
    ended(stack, failing('llm_invoke', { prompt: 'x', task: 'answer' })),
    ended(stack, { goal: 'Say something.', planner: 'claude' }),
  ]);
  for (const { outcome } of outcomes) assert.equal(outcome, 'failed');
  await eventually(async () => {
    const { items } = await stack.client.webhooks.deliveries(hooked.id);
    return items.some(({ attempts }) => attempts > 0) ? true : undefined;
  });
  const answers = await refusals(stack);
  // A line comes a little after what it tells of.
  for (const { id } of outcomes) {
    const line = new RegExp(`"run.finished".*"runId":"${id}"`);
    await eventually(() => (line.test(services[1]?.log() ?? '') ? true : undefined));
  }
  const told = await gather({ stack, collector, services: [stack.api, ...services], answers });
  told.errors += JSON.stringify(outcomes.map(({ failure }) => failure));
  told.lines += await refusedStarts(secrets.database);

  assert.match(told.traces, /postgres_query/);
  assert.match(told.lines, /step\.failed/);
  assert.match(told.metrics, /nova_http_requests_total/);
  assert.match(told.tables, /target_/);
  const [, keySecret = ''] = /^aos_[^_]+_(.+)$/.exec(stack.key) ?? [];
  for (const secret of [...Object.values(secrets), keySecret, hooked.secret]) {
    // What a tenant writes into a plan or an address of a webhook is that tenant's data, and stays there.
    const own = [secrets.header, secrets.query2, secrets.webhook, hooked.secret].includes(secret);
    const places = found(told, secret).filter((place) => !own || place !== 'tables');
    assert.deepEqual(places, [], `${secret} of ${JSON.stringify(secrets)}`);
  }
});

/** What the API says to whoever gets it wrong, with keys and secrets where they do not belong. */
async function refusals(stack: Stack): Promise<string> {
  const asked = [
    fetch(`${stack.url}/v1/runs`, { headers: { authorization: `Bearer ${stack.key}x` } }),
    fetch(`${stack.url}/v1/runs`, { headers: { authorization: `Basic ${stack.key}` } }),
    fetch(`${stack.url}/v1/runs`, { method: 'POST', headers: bearer(stack), body: '{' }),
    fetch(`${stack.url}/v1/nothing?key=${stack.key}`, { headers: bearer(stack) }),
    fetch(`${stack.url}/v1/runs?api_key=${stack.key}`, { headers: bearer(stack) }),
  ];
  const answers = await Promise.all(asked);
  for (const { status } of answers) assert.ok(status >= 400);
  return (await Promise.all(answers.map((answer) => answer.text()))).join('\n');
}

const bearer = ({ key }: Stack) => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
});

/** What services say that do not start. */
async function refusedStarts(secret: string): Promise<string> {
  const wrong: Readonly<Record<string, string>>[] = [
    { DATABASE_URL: `mysql://me:${secret}@127.0.0.1/x` },
    { DATABASE_URL: `postgres://me:${secret}@127.0.0.1:9/x` },
    { DATABASE_URL: `postgres://me:${secret}@/x:y:z` },
    { DATABASE_URL: 'postgres://x/y', AOS_QUERY_CONNECTIONS: `{"a":"${secret}"}` },
    { DATABASE_URL: 'postgres://x/y', OTEL_EXPORTER_OTLP_HEADERS: secret },
    { DATABASE_URL: 'postgres://x/y', ANTHROPIC_API_KEY: `${secret}\n${secret}` },
  ];
  const logs = await Promise.all(
    wrong.map(async (env) => {
      await using service = await startService('api', { PORT: '0', ...env }, { waitReady: false });
      assert.equal((await service.exited).code, 1);
      return service.log();
    }),
  );
  for (const log of logs) assert.notEqual(log.trim(), '');
  return logs.join('\n');
}

test('the search finds a secret wherever one is leaked on purpose', async () => {
  const leaks = {
    lines: canary('line'),
    metrics: canary('metric'),
    traces: canary('trace'),
    errors: canary('error'),
    processes: canary('process'),
    tables: canary('table'),
  };
  await using collector = await startOtlpServer();
  await using model = await startAnthropicServer({ script: [{ do: 'text', text: 'Well.' }] });
  await using stack = await startStack({
    workers: 0,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_RESOURCE_ATTRIBUTES: `leak=${leaks.traces}`,
      ANTHROPIC_API_KEY: model.apiKey,
      ANTHROPIC_BASE_URL: model.url,
      AOS_MODEL: leaks.metrics,
    },
  });
  const leak = `console.log(${JSON.stringify(Buffer.from(leaks.lines).toString('base64'))})`;
  await using leaky = await startService(
    'worker',
    {
      DATABASE_URL: stack.databaseUrl,
      ANTHROPIC_API_KEY: model.apiKey,
      ANTHROPIC_BASE_URL: model.url,
      AOS_MODEL: leaks.metrics,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
    { execArgv: [`--import=data:text/javascript,${leak}`, `--title=${leaks.processes}`] },
  );
  const asked = { ...failing('llm_invoke', { prompt: 'x', task: 'answer' }), goal: leaks.tables };
  await ended(stack, asked);
  const answer = await fetch(`${stack.url}/v1/runs`, {
    method: 'POST',
    headers: bearer(stack),
    body: JSON.stringify({ goal: 'x', agent: leaks.errors }),
  });
  const answers = await answer.text();
  const told = await gather({ stack, collector, services: [stack.api, leaky], answers });
  for (const [place, secret] of Object.entries(leaks)) {
    assert.ok(found(told, secret).includes(place as keyof typeof leaks), `${place}: ${secret}`);
  }
  assert.deepEqual(found(told, canary('nowhere')), []);
});
