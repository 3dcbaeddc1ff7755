import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { test } from 'node:test';

import { AosError, failures, type FailureCode } from '@aos/core';
import {
  promptOf,
  startAnthropicServer,
  systemOf,
  type AnthropicReply,
  type AnthropicScript,
} from '@aos/testing';

import { createClaude, type ClaudeOptions } from './claude.ts';
import type { ModelRequest } from './model.ts';

const ever = new AbortController().signal;
const hello: ModelRequest = { prompt: 'Say hello.' };
const closed = {
  type: 'object',
  required: ['title', 'count'],
  additionalProperties: false,
  properties: { title: { type: 'string', maxLength: 20 }, count: { type: 'integer', minimum: 0 } },
} as const;

async function ask(
  script: AnthropicScript,
  request: ModelRequest = hello,
  options: Partial<ClaudeOptions> = {},
) {
  await using server = await startAnthropicServer({ script });
  const model = createClaude({ apiKey: server.apiKey, baseUrl: server.url, ...options });
  const answer = await model.complete(request, ever).catch((error: unknown) => error);
  return { answer, requests: server.requests };
}

async function answered(...args: Parameters<typeof ask>) {
  const { answer, requests } = await ask(...args);
  if (answer instanceof Error) throw answer;
  return { answer: answer as Answer, requests };
}
type Answer = Awaited<ReturnType<ReturnType<typeof createClaude>['complete']>>;

async function failed(...args: Parameters<typeof ask>) {
  const { answer, requests } = await ask(...args);
  assert.ok(answer instanceof AosError, inspect(answer));
  return { failure: answer, requests };
}

test('a text answer comes back with its usage and its cost', async () => {
  const usage = { input: 1000, output: 500, cacheRead: 10_000, cacheWrite: 2000 };
  const { answer } = await answered([{ do: 'text', text: 'Hello, world. 👋 And more.', usage }]);

  assert.equal(answer.text, 'Hello, world. 👋 And more.');
  assert.equal(answer.stopReason, 'end_turn');
  assert.equal(answer.model, 'claude-sonnet-5-5');
  assert.deepEqual(answer.usage, {
    model: 'claude-sonnet-5-5',
    inputTokens: 1000,
    outputTokens: 500,
    cacheReadTokens: 10_000,
    cacheWriteTokens: 2000,
    // 1000 x $2 + 500 x $10 + 10,000 x $0.20 + 2000 x $2.50, each by the million.
    costUsd: 0.014,
  });
});

test('thinking is no part of the text', async () => {
  const { answer } = await answered([{ do: 'text', text: 'Hello.', thinking: true }]);
  assert.equal(answer.text, 'Hello.');
});

test('a model of one’s own costs nothing', async () => {
  const { answer } = await answered([{ do: 'text', text: 'Hello.' }], { ...hello, model: 'qwen3' });
  assert.equal(answer.usage.costUsd, 0);
  assert.ok(answer.usage.outputTokens > 0);
});

test('the system text is marked for the cache, and read from it the second time', async () => {
  await using server = await startAnthropicServer({ script: () => ({ do: 'text', text: 'Yes.' }) });
  const model = createClaude({ apiKey: server.apiKey, baseUrl: server.url });
  const request = { system: 'You are brief.'.repeat(100), cacheSystem: true, prompt: 'Well?' };
  const first = await model.complete(request, ever);
  const second = await model.complete({ ...request, prompt: 'And?' }, ever);

  assert.deepEqual(server.requests[0]?.body.system, [
    { type: 'text', text: request.system, cache_control: { type: 'ephemeral' } },
  ]);
  assert.equal(first.usage.cacheWriteTokens, 350);
  assert.equal(second.usage.cacheReadTokens, 350);
  assert.equal(second.usage.cacheWriteTokens, 0);
});

test('the provider holds the answer to a schema it can express, and AOS to the whole', async () => {
  const { answer, requests } = await answered(
    [
      { do: 'json', json: { title: 'x'.repeat(21), count: -1 } },
      { do: 'json', json: { title: 'x', count: 1 } },
    ],
    { ...hello, schema: closed },
  );
  assert.deepEqual(answer.json, { title: 'x', count: 1 });
  assert.equal(answer.repairs, 1);
  const format = requests[0]?.body.output_config?.format;
  assert.deepEqual(format?.schema, {
    type: 'object',
    required: ['title', 'count'],
    additionalProperties: false,
    properties: {
      title: { type: 'string', description: '{maxLength: 20}' },
      count: { type: 'integer', description: '{minimum: 0}' },
    },
  });
  assert.match(promptOf(requests[1]), /#\/title must NOT have more than 20 characters/);
  assert.equal(requests[1]?.body.messages.length, 3);
});

test('a schema it cannot express is told in words', async () => {
  const open = { type: 'object', required: ['a'], additionalProperties: { type: 'number' } };
  const { answer, requests } = await answered(
    [{ do: 'text', text: 'Here it is:\n```json\n{"a": 1, "b": 2}\n```\nEnjoy.' }],
    { ...hello, schema: open },
  );
  assert.deepEqual(answer.json, { a: 1, b: 2 });
  assert.equal(answer.repairs, 0);
  assert.equal(requests[0]?.body.output_config, undefined);
  assert.ok(systemOf(requests[0]).includes(JSON.stringify(open)));
});

test('an answer that cannot be used is repaired twice, then given up, and all turns are billed', async () => {
  const usage = { input: 100, output: 10, cacheRead: 0, cacheWrite: 0 };
  const bad: AnthropicReply = { do: 'text', text: 'No JSON here.', usage };
  const { failure, requests } = await failed([bad, bad, bad, { do: 'text', text: '{}' }], {
    ...hello,
    schema: closed,
  });
  assert.equal(failure.code, 'model_output_invalid');
  assert.equal(requests.length, 3);
  assert.equal(failure.usage?.inputTokens, 300);
  assert.equal(failure.usage?.outputTokens, 30);
  assert.match(failure.problems?.[0]?.detail ?? '', /no JSON value/);
});

test('an empty answer is asked for again', async () => {
  for (const thinking of [true, false]) {
    const { answer } = await answered(
      [
        { do: 'text', text: ' ', thinking },
        { do: 'json', json: { title: 'x', count: 1 } },
      ],
      { ...hello, schema: closed },
    );
    assert.equal(answer.repairs, 1);
  }
});

test('a failure of a repair turn carries what the turns before it used', async () => {
  const usage = { input: 100, output: 10, cacheRead: 0, cacheWrite: 0 };
  const { failure } = await failed(
    [
      { do: 'text', text: 'No JSON here.', usage },
      { do: 'fail', status: 529 },
    ],
    { ...hello, schema: closed },
  );
  assert.equal(failure.code, 'target_overloaded');
  assert.equal(failure.usage?.inputTokens, 100);
});

test('an answer too long to send back is not repaired', async () => {
  const long: AnthropicReply = { do: 'text', text: `{"x": "${'x'.repeat(200_000)}"}` };
  const { failure, requests } = await failed([long], { ...hello, schema: closed });
  assert.equal(failure.code, 'model_output_invalid');
  assert.equal(requests.length, 1);
});

test('a tool call comes back checked; a wrong one is repaired with the thinking that led to it', async () => {
  const tool = { name: 'look_up', description: 'Looks a word up.', input: closed };
  const { answer, requests } = await answered(
    [
      { do: 'tool', input: { title: 'x' }, thinking: true },
      { do: 'tool', input: { title: 'x', count: 2 } },
    ],
    { ...hello, tool },
  );
  assert.deepEqual(answer.toolCall, { name: 'look_up', input: { title: 'x', count: 2 } });
  assert.equal(requests[0]?.body.tools?.[0]?.name, 'look_up');
  const [, assistant, user] = requests[1]?.body.messages ?? [];
  assert.deepEqual(
    (assistant?.content as { type: string }[] | undefined)?.map(({ type }) => type),
    ['thinking', 'tool_use'],
  );
  assert.match(JSON.stringify(user?.content), /"tool_use_id":"toolu_1".*lacks the field/);
});

const cases: [string, AnthropicReply, FailureCode, RegExp][] = [
  ['429', { do: 'fail', status: 429, retryAfter: '7' }, 'target_overloaded', /429/],
  ['429 without retry-after', { do: 'fail', status: 429 }, 'target_overloaded', /429/],
  ['529', { do: 'fail', status: 529 }, 'target_overloaded', /529/],
  ['503', { do: 'fail', status: 503 }, 'target_overloaded', /503/],
  ['500', { do: 'fail', status: 500 }, 'target_failed', /500/],
  ['400', { do: 'fail', status: 400 }, 'target_refused', /400/],
  ['401', { do: 'fail', status: 401 }, 'target_refused', /ANTHROPIC_API_KEY/],
  ['403', { do: 'fail', status: 403 }, 'target_refused', /ANTHROPIC_API_KEY/],
  ['404', { do: 'fail', status: 404 }, 'target_refused', /claude-sonnet-5-5.*ANTHROPIC_BASE_URL/],
  ['413', { do: 'fail', status: 413 }, 'target_refused', /too large/],
  [
    'the spend cap of the tier',
    { do: 'fail', status: 429, code: 'enforced_spend_limit_reached' },
    'target_refused',
    /spend limit/,
  ],
  [
    'a spend cap known by its words',
    { do: 'fail', status: 429, message: 'You have reached your monthly spend limit.' },
    'target_refused',
    /spend limit/,
  ],
  [
    'the spend cap of the workspace',
    { do: 'fail', status: 400, message: 'You have reached your specified API usage limits.' },
    'target_refused',
    /spend limit/,
  ],
  ['a refusal', { do: 'refuse', why: 'It is\nharmful.' }, 'model_refused', /It is harmful\./],
  ['max_tokens', { do: 'truncate', text: '{"pla' }, 'model_truncated', /output tokens/],
  [
    'a full context window',
    { do: 'truncate', text: 'x', by: 'model_context_window_exceeded' },
    'model_truncated',
    /context window/,
  ],
  [
    'an error event inside a stream',
    { do: 'fail-later', type: 'overloaded_error', text: 'Hel' },
    'target_overloaded',
    /error event, overloaded_error/,
  ],
  [
    'an error event of another kind',
    { do: 'fail-later', type: 'api_error' },
    'target_failed',
    /api_error/,
  ],
  [
    'an error event about the request',
    { do: 'fail-later', type: 'invalid_request_error' },
    'target_refused',
    /invalid_request_error/,
  ],
  ['a reset before content', { do: 'cut', how: 'reset' }, 'target_failed', /cut off/],
  ['a reset after content', { do: 'cut', how: 'reset', text: 'Hello' }, 'target_failed', /cut off/],
  ['a stream that just ends', { do: 'cut', how: 'close', text: 'Hel' }, 'target_failed', /cut off/],
  ['garbage', { do: 'garbage', bytes: '\u0000\u0001{{{\n\n' }, 'target_failed', /cut off/],
  ['events of garbage', { do: 'garbage', bytes: 'event: x\ndata: {\n\n' }, 'target_failed', /cut/],
  [
    'a web page',
    { do: 'garbage', bytes: '<html></html>', contentType: 'text/html' },
    'target_failed',
    /cut/,
  ],
  [
    'a message without its fields',
    {
      do: 'garbage',
      bytes: 'event: message_start\ndata: {"type":"message_start","message":{}}\n\n',
    },
    'target_failed',
    /cut off/,
  ],
];

for (const [what, reply, code, detail] of cases) {
  test(`${what} fails as ${code}, after one request`, async () => {
    const { failure, requests } = await failed([reply]);
    assert.equal(failure.code, code, failure.message);
    assert.match(failure.message, detail);
    assert.equal(requests.length, 1);
    assert.equal(failure.retryAfterMs, what === '429' ? 7000 : undefined);
  });
}

test('what a broken answer has used so far is billed', async () => {
  const usage = { input: 700, output: 0, cacheRead: 30, cacheWrite: 0 };
  const text = 'x'.repeat(4000);
  for (const reply of [
    { do: 'cut', how: 'reset', text, usage },
    { do: 'fail-later', type: 'api_error', text, usage },
  ] as const) {
    const { failure } = await failed([reply]);
    assert.equal(failure.usage?.inputTokens, 700);
    assert.equal(failure.usage?.cacheReadTokens, 30);
    assert.equal(failure.usage?.outputTokens, 1000);
    assert.ok((failure.usage?.costUsd ?? 0) > 0);
  }
  const refused = await failed([{ do: 'refuse', usage }]);
  assert.equal(refused.failure.usage?.inputTokens, 700);
});

test('retry-after may be a date', async () => {
  const retryAfter = new Date(Date.now() + 60_000).toUTCString();
  const { failure } = await failed([{ do: 'fail', status: 529, retryAfter }]);
  assert.ok((failure.retryAfterMs ?? 0) > 50_000 && (failure.retryAfterMs ?? 0) <= 60_000);
});

test('a host that hangs or trickles is left when the time is up', async () => {
  for (const reply of [
    { do: 'hang', after: 'request' },
    { do: 'hang', after: 'start' },
    { do: 'trickle', text: 'x'.repeat(1000), everyMs: 20 },
  ] as const) {
    const { failure } = await failed([reply], hello, { timeoutMs: 300 });
    assert.equal(failure.code, 'target_timed_out');
  }
});

test('a host that never stops sending is left at the bound', async () => {
  const { failure } = await failed([{ do: 'flood' }], hello, { answerBytesMax: 200_000 });
  assert.equal(failure.code, 'response_too_large');
  assert.ok(!failures[failure.code].retryable);
});

test('a call ends when the caller gives it up', async () => {
  await using server = await startAnthropicServer({ script: [{ do: 'hang', after: 'start' }] });
  const model = createClaude({ apiKey: server.apiKey, baseUrl: server.url });
  const giveUp = new AbortController();
  const call = model.complete(hello, giveUp.signal);
  while (server.requests.length === 0) await new Promise(setImmediate);
  giveUp.abort(new AosError('step_timed_out', 'The step took too long.'));
  await assert.rejects(call, { name: 'AosError', code: 'step_timed_out' });
  await assert.rejects(model.complete(hello, AbortSignal.abort()), { code: 'cancelled' });
  assert.equal(server.requests.length, 1);
});

test('a redirect is not followed: key and prompt stay with the host', async () => {
  await using elsewhere = await startAnthropicServer({
    script: [{ do: 'text', text: 'Thanks for the prompt.' }],
  });
  const server = createServer((_, response) => {
    response.writeHead(307, { location: `${elsewhere.url}/v1/messages` }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const call = createClaude({ apiKey: elsewhere.apiKey, baseUrl }).complete(hello, ever);
  await assert.rejects(call, { code: 'target_refused', message: /307/ });
  assert.equal(elsewhere.requests.length, 0);
  server.closeAllConnections();
  server.close();
});

test('a host that refuses connections is unreachable', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const model = createClaude({ apiKey: 'k', baseUrl: `http://127.0.0.1:${port}` });
  await assert.rejects(model.complete(hello, ever), {
    code: 'target_unreachable',
    message: /ECONNREFUSED/,
  });
});

test('the key is in no error, no cause and no text of the model', async () => {
  const apiKey = 'key-that-must-not-leak';
  const message = `The key ${apiKey} is no good.`;
  for (const reply of [
    { do: 'fail', status: 401, message },
    { do: 'fail', status: 500, message },
    { do: 'garbage', bytes: `event: error\ndata: ${apiKey}\n\n` },
    { do: 'garbage', bytes: `event: x\ndata: ${apiKey}\n\n` },
    { do: 'refuse', why: message },
    { do: 'fail-later', type: apiKey },
  ] as const) {
    await using server = await startAnthropicServer({ script: [reply], apiKey });
    const model = createClaude({ apiKey, baseUrl: server.url });
    assert.ok(!inspect(model, { depth: 20, showHidden: true }).includes(apiKey));
    const error: unknown = await model.complete(hello, ever).catch((e: unknown) => e);
    assert.ok(error instanceof AosError);
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(apiKey), reply.do);
  }
  for (const wrong of ['', 'two words', 'line\n']) {
    assert.throws(() => createClaude({ apiKey: wrong }), { code: 'model_not_configured' });
  }
});

test('a prompt past the bound is not sent', async () => {
  const { failure, requests } = await failed([], { prompt: 'x'.repeat(8 * 1024 * 1024) });
  assert.equal(failure.code, 'payload_too_large');
  assert.equal(requests.length, 0);
});

test('a schema that is none fails before anything is sent, and a loose one is no mistake', async () => {
  for (const schema of [{ type: 'nothing' }, { $ref: 'https://example.com/x' }]) {
    const { failure, requests } = await failed([], { ...hello, schema });
    assert.equal(failure.code, 'skill_input_invalid');
    assert.equal(requests.length, 0);
  }
  const loose = { properties: { a: { format: 'unheard-of' } }, required: ['b'], unknown: 1 };
  const { answer } = await answered([{ do: 'json', json: { b: 1 } }], { ...hello, schema: loose });
  assert.deepEqual(answer.json, { b: 1 });
});
