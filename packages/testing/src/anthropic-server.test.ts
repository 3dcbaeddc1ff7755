import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AnthropicReply } from './anthropic-reply.ts';
import { startAnthropicServer, type AnthropicServer } from './anthropic-server.ts';

const body = {
  model: 'claude-sonnet-5-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello.' }],
};

function post(server: AnthropicServer, change: object = {}, headers: object = {}, path = '') {
  return fetch(`${server.url}/v1/messages${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.apiKey}`,
      'anthropic-version': '2026-10-21',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ ...body, ...change }),
  });
}

function strict(schema: object) {
  return { output_config: { format: { type: 'json_schema', schema } } };
}

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

function eventsOf(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      const event = JSON.parse(data ?? '') as Event;
      assert.equal(event.type, name);
      return event;
    });
}

test('a stream has its events in the order of the provider', async () => {
  const script: AnthropicReply[] = [{ do: 'text', text: 'A text of more than one delta.' }];
  await using server = await startAnthropicServer({ script });
  const response = await post(server, { stream: true });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events = eventsOf(await response.text());
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ],
  );
});

test('a tool call is streamed as parts of its input', async () => {
  const input = { word: 'a word that is longer than one delta' };
  await using server = await startAnthropicServer({ script: [{ do: 'tool', name: 't', input }] });
  const events = eventsOf(await (await post(server, { stream: true })).text());
  const parts = events.flatMap(({ delta }) => {
    const part = (delta as { partial_json?: string } | undefined)?.partial_json;
    return part === undefined ? [] : [part];
  });
  assert.ok(parts.length > 1);
  assert.deepEqual(JSON.parse(parts.join('')), input);
  assert.ok(
    events.some(({ delta }) => JSON.stringify(delta)?.includes('"stop_reason":"tool_use"')),
  );
});

test('without stream the message is one JSON body', async () => {
  await using server = await startAnthropicServer({
    script: (request, index) => ({ do: 'json', json: { index, said: request.body.messages } }),
  });
  await post(server);
  const message = (await (await post(server)).json()) as { content: { text: string }[] };
  assert.deepEqual(JSON.parse(message.content[0]?.text ?? ''), { index: 1, said: body.messages });
});

test('it refuses what the provider refuses, and records it', async () => {
  await using server = await startAnthropicServer({ script: () => ({ do: 'text', text: 'Hi.' }) });
  const refused: [number, object, object?][] = [
    [401, {}, { authorization: '' }],
    [401, {}, { authorization: 'Bearer other' }],
    [401, {}, { authorization: '', 'x-api-key': server.apiKey }],
    [400, {}, { 'anthropic-version': '' }],
    [400, { temperature: 0 }],
    [400, { top_p: 1 }],
    [400, { top_k: 1 }],
    [400, { max_tokens: undefined }],
    [400, { messages: [] }],
    [400, { messages: [...body.messages, { role: 'assistant', content: '{' }] }],
    [400, { tool_choice: { type: 'tool', name: 't' } }],
    [400, { thinking: { type: 'disabled' } }],
    [400, strict({ type: 'object', properties: {} })],
    [400, strict({ type: 'object', additionalProperties: false, maxProperties: 1 })],
  ];
  for (const [status, change, headers] of refused) {
    const response = await post(server, change, headers);
    assert.equal(response.status, status, JSON.stringify({ change, headers }));
    assert.equal(((await response.json()) as Event).type, 'error');
  }
  assert.equal((await post(server, strict({ type: 'string' }))).status, 200);
  assert.equal(server.requests.length, refused.length + 1);
});

test('tokens are counted', async () => {
  await using server = await startAnthropicServer({ script: [] });
  const response = await post(server, {}, {}, '/count_tokens');
  const { input_tokens: tokens } = (await response.json()) as { input_tokens: number };
  assert.ok(tokens > 10);
});

test('a script that is used up answers 500, and an error says when to come back', async () => {
  const code = 'ramp_limit_exceeded';
  await using server = await startAnthropicServer({
    script: [{ do: 'fail', status: 429, retryAfter: '3', code }],
  });
  const limited = await post(server);
  assert.equal(limited.headers.get('retry-after'), '3');
  const error = (await limited.json()) as { error: { type: string; details: object } };
  assert.equal(error.error.type, 'rate_limit_error');
  assert.deepEqual(error.error.details, { error_code: code });
  assert.equal((await post(server)).status, 500);
});

test('it closes while calls hang', async () => {
  const server = await startAnthropicServer({
    script: [
      { do: 'hang', after: 'request' },
      { do: 'trickle', text: 'slow', everyMs: 60_000 },
    ],
  });
  const calls = [post(server), post(server, { stream: true }).then((r) => r.text())];
  while (server.requests.length < 2) await new Promise(setImmediate);
  await server[Symbol.asyncDispose]();
  const ended = await Promise.allSettled(calls);
  assert.deepEqual(
    ended.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});
