import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  startAnthropicServer,
  startOtlpServer,
  startPageServer,
  type AnthropicReply,
  type OtlpServer,
  type ReceivedSpan,
} from '@aos/testing';

import { eventually } from './checks.ts';
import { googlePage, MISSION_GOAL } from './pages.ts';
import { startService } from './process.ts';
import { startStack, type Stack } from './stack.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;

const plan = {
  version: 1,
  steps: [
    { key: 'fetch', skill: 'http_request', input: { url: 'http://google.com/' } },
    {
      key: 'summarize',
      skill: 'llm_invoke',
      input: { prompt: 'Summarize.', task: 'summarize', input: { page: '${fetch.text}' } },
    },
  ],
  output: { summary: '${summarize.text}' },
};
const planned: AnthropicReply = { do: 'json', json: { plan } };
const summary: AnthropicReply = { do: 'text', text: 'A page about searching.' };

/** As a caller who traces does it; the client of the SDK does not. */
async function post(stack: Stack, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${stack.url}/v1/runs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.key}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 202);
  return (await response.json()) as { readonly id: string };
}

/** The spans of the run's trace, once its last one is there. */
function spansOf(collector: OtlpServer, traceId: string): Promise<readonly ReceivedSpan[]> {
  return eventually(() => {
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const names = spans.map(({ name }) => name);
    const whole = ['POST /v1/runs', 'invoke_workflow general', 'process runs'];
    return whole.every((name) => names.includes(name)) ? spans : undefined;
  });
}

/** `name < parent < …`, up to what nobody sent. */
function lineage(spans: readonly ReceivedSpan[], span: ReceivedSpan): string {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  const above = parent ? lineage(spans, parent) : (span.parentSpanId ?? 'nobody');
  return `${span.name} < ${above}`;
}

const loaded = (log: string): Set<string> => new Set(log.match(/(?<=LOADED )\S+/g));

function linesOf(log: string, runId: string): Record<string, unknown>[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(runId))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a request, its run, plan, steps and calls are one trace, and every line of them names it', async () => {
  await using pages = await startPageServer({ '/': googlePage });
  await using model = await startAnthropicServer({ script: [planned, summary] });
  await using collector = await startOtlpServer();
  await using stack = await startStack({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      AOS_CONNECT_TO: `google.com=${pages.host}`,
      AOS_ALLOW_PRIVATE_HOSTS: pages.host,
      ANTHROPIC_API_KEY: model.apiKey,
      ANTHROPIC_BASE_URL: model.url,
    },
  });
  const { id } = await post(stack, { goal: MISSION_GOAL }, { traceparent: TRACEPARENT });
  const spans = await spansOf(collector, TRACE);
  const run = await stack.client.runs.get(id);
  assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
  const top = `invoke_agent general < invoke_workflow general < POST /v1/runs < ${SPAN}`;
  assert.deepEqual(
    spans.map((span) => lineage(spans, span)).toSorted(),
    [
      `POST /v1/runs < ${SPAN}`,
      `invoke_workflow general < POST /v1/runs < ${SPAN}`,
      top,
      `process runs < ${top}`,
      `plan general < ${top}`,
      `anthropic.messages.create < plan general < ${top}`,
      `execute_tool http_request < ${top}`,
      `GET < execute_tool http_request < ${top}`,
      `execute_tool llm_invoke < ${top}`,
      `anthropic.messages.create < execute_tool llm_invoke < ${top}`,
    ].toSorted(),
  );
  const told = (name: string) => spans.find((span) => span.name === name)?.attributes ?? {};
  assert.equal(told('execute_tool http_request')['gen_ai.tool.name'], 'http_request');
  assert.equal(told('execute_tool http_request')['aos.step'], 'fetch');
  assert.equal(told('GET')['server.address'], 'google.com');
  assert.equal(told('POST /v1/runs')['aos.run.id'], id);
  assert.equal(told('invoke_workflow general')['aos.run.outcome'], 'succeeded');
  const chat = told('anthropic.messages.create');
  assert.equal(chat['gen_ai.operation.name'], 'chat');
  assert.equal(chat['gen_ai.provider.name'], 'anthropic');
  assert.ok(Number(chat['gen_ai.usage.output_tokens']) > 0);
  const services = new Set(spans.map(({ resource }) => resource['service.name']));
  assert.deepEqual(services, new Set(['aos-api', 'aos-worker']));

  // Neither goals nor what was read, and none of it goes to hosts that are not ours.
  assert.doesNotMatch(collector.texts.join(), /Advanced|summary|Summarize|headings/);
  for (const { headers } of [...pages.requests, ...model.requests]) {
    assert.equal(headers['traceparent'], undefined);
  }
  for (const service of [stack.api, ...stack.workers]) {
    const lines = linesOf(service.log(), id);
    assert.ok(lines.length > 0);
    for (const line of lines) assert.deepEqual([line['traceId'], line['runId']], [TRACE, id]);
  }
});

test('a run whose worker is killed goes on in the same trace, and nothing of it hangs in the air', async () => {
  let hold = true;
  await using pages = await startPageServer({
    '/one': 'first',
    '/two': (_request, response) => void (hold || response.end('second')),
  });
  await using collector = await startOtlpServer();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    AOS_ALLOW_PRIVATE_HOSTS: pages.host,
  };
  await using stack = await startStack({ env });
  const fetching = (key: string, after: string[]) => ({
    key,
    skill: 'http_request',
    input: { url: `${pages.url}/${key}` },
    ...(after.length > 0 && { after }),
  });
  const steps = [fetching('one', []), fetching('two', ['one'])];
  const { id } = await post(stack, { goal: 'x', plan: { version: 1, steps } });
  await eventually(() => (pages.requests.some(({ path }) => path === '/two') ? true : undefined));
  const before = await eventually(() =>
    collector.spans.find(({ attributes }) => attributes['aos.step'] === 'one'),
  );
  hold = false;
  stack.workers[0]?.kill('SIGKILL');
  await stack.addWorker();
  const spans = await spansOf(collector, before.traceId);
  assert.equal((await stack.client.runs.get(id)).outcome, 'succeeded');
  const tried = spans.filter(({ name }) => name === 'execute_tool http_request');
  assert.deepEqual(
    tried.map(({ attributes }) => attributes['aos.step']),
    ['one', 'two'],
  );
  const pids = new Set(tried.map(({ resource }) => resource['process.pid']));
  assert.equal(pids.size, 2);
  for (const span of spans) assert.match(lineage(spans, span), /POST \/v1\/runs < nobody$/);
  assert.equal(spans.filter(({ name }) => name.startsWith('invoke_')).length, 2);
});

test('without an endpoint nothing of the SDK is loaded, and lines name a trace all the same', async () => {
  await using pages = await startPageServer({ '/': 'page' });
  await using stack = await startStack({ workers: 0 });
  const preload = ['--import', fileURLToPath(new URL('loaded.preload.ts', import.meta.url))];
  const env = {
    DATABASE_URL: stack.databaseUrl,
    LOG_LEVEL: 'debug',
    PORT: '0',
    AOS_ALLOW_PRIVATE_HOSTS: pages.host,
  };
  const start = (name: 'api' | 'worker', more: Readonly<Record<string, string>> = {}) =>
    startService(name, { ...env, ...more }, { execArgv: preload });

  await using api = await start('api');
  await using worker = await start('worker');
  const replica = { ...stack, url: `http://127.0.0.1:${api.port}` };
  const step = { key: 'a', skill: 'http_request', input: { url: pages.url } };
  const { id } = await post(replica, { goal: 'x', plan: { version: 1, steps: [step] } });
  await eventually(async () =>
    (await stack.client.runs.get(id)).outcome === 'succeeded' ? true : undefined,
  );
  for (const service of [api, worker]) {
    assert.deepEqual(loaded(service.log()), new Set(['@opentelemetry/api']));
    const lines = await eventually(() => {
      const found = linesOf(service.log(), id);
      return found.length > 0 ? found : undefined;
    });
    for (const { traceId } of lines) assert.equal(traceId, id.slice(4).replaceAll('-', ''));
  }

  // The look-out sees what there is to see.
  await using on = await start('worker', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  assert.ok(loaded(on.log()).has('@opentelemetry/sdk-trace'), on.log());
});

test('runs are as fast, and services stop as fast, when the collector takes nothing', async () => {
  await using pages = await startPageServer({ '/': 'page' });
  await using collector = await startOtlpServer();
  collector.mood = 'mute';
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    AOS_ALLOW_PRIVATE_HOSTS: pages.host,
  };
  await using stack = await startStack({ env });
  const step = { key: 'a', skill: 'http_request', input: { url: pages.url } };
  const began = performance.now();
  for (let n = 0; n < 20; n++) {
    const asked = { goal: 'x', plan: { version: 1, steps: [step] } } as const;
    assert.equal((await stack.client.runs.create(asked, { waitS: 30 })).outcome, 'succeeded');
  }
  assert.ok(performance.now() - began < 20_000);
  await eventually(() => (collector.requests > 0 ? true : undefined));
  for (const service of [stack.api, ...stack.workers]) {
    service.kill('SIGTERM');
    assert.equal((await service.exited).code, 0);
  }
});
