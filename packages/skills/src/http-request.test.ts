import assert from 'node:assert/strict';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { effectOf } from '@aos/core';
import { createEgress } from '@aos/egress';

import { httpRequest } from './http-request.ts';
import { attempt, failureOf, outputOf } from './testing.ts';

const skill = httpRequest(createEgress({ allowPrivateHosts: ['127.0.0.1'] }));

interface Output {
  url: string;
  status: number;
  headers: Record<string, string>;
  contentType: string;
  bytes: number;
  text: string;
  json?: unknown;
  base64?: string;
  redirects: string[];
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function site(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    seen,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

test('a page comes back as text', async () => {
  await using server = await site((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('set-cookie', 'session=secret');
    response.end('<h1>Grüß Gott</h1>');
  });
  const output = await outputOf<Output>(skill, { url: `${server.origin}/` });
  assert.deepEqual(
    { ...output, headers: { ...output.headers, date: '' } },
    {
      url: `${server.origin}/`,
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-length': '20',
        connection: 'close',
        date: '',
      },
      contentType: 'text/html; charset=utf-8',
      bytes: 20,
      text: '<h1>Grüß Gott</h1>',
      redirects: [],
    },
  );
});

test('JSON comes back parsed, binary data as base64', async () => {
  await using server = await site((request, response) => {
    const [type, body] =
      request.url === '/json'
        ? ['application/problem+json', '{"a":[1,2]}']
        : request.url === '/broken'
          ? ['application/json', '{"a":']
          : ['image/png', Buffer.of(0x89, 0x50, 0, 1)];
    response.setHeader('content-type', type).end(body);
  });
  const json = await outputOf<Output>(skill, { url: `${server.origin}/json` });
  assert.deepEqual([json.json, json.text], [{ a: [1, 2] }, '{"a":[1,2]}']);
  const broken = await outputOf<Output>(skill, { url: `${server.origin}/broken` });
  assert.deepEqual(['json' in broken, broken.text], [false, '{"a":']);
  const binary = await outputOf<Output>(skill, { url: `${server.origin}/png` });
  assert.deepEqual([binary.text, binary.base64, binary.bytes], ['', 'iVAAAQ==', 4]);
});

test('bodies are sent by their kind, with the idempotency key where it helps', async () => {
  await using server = await site((_request, response) => response.end());
  const { origin, seen } = server;
  await outputOf(skill, { url: origin, method: 'POST', json: { a: 'ü' } });
  await outputOf(skill, { url: origin, method: 'PATCH', form: { a: 'x y', b: 2, c: true } });
  await outputOf(skill, { url: origin, method: 'PUT', text: 'plain' });
  await outputOf(skill, {
    url: origin,
    method: 'POST',
    text: '<a/>',
    headers: { 'Content-Type': 'text/xml', 'Idempotency-Key': 'mine' },
  });
  await outputOf(skill, { url: origin, method: 'DELETE' });
  assert.deepEqual(
    seen.map(({ method, body, headers }) => [
      method,
      body,
      headers['content-type'],
      headers['idempotency-key'],
    ]),
    [
      ['POST', '{"a":"ü"}', 'application/json', 'key-of-run-and-step'],
      ['PATCH', 'a=x+y&b=2&c=true', 'application/x-www-form-urlencoded', 'key-of-run-and-step'],
      ['PUT', 'plain', 'text/plain; charset=utf-8', undefined],
      ['POST', '<a/>', 'text/xml', 'mine'],
      ['DELETE', '', undefined, undefined],
    ],
  );
});

test('the query is added to the URL', async () => {
  await using server = await site((_request, response) => response.end());
  await outputOf(skill, { url: `${server.origin}/?a=1`, query: { b: 'x&y', c: 2 } });
  assert.equal(server.seen[0]?.url, '/?a=1&b=x%26y&c=2');
});

test('two bodies, or a body with GET, are refused', async () => {
  const url = 'http://127.0.0.1:1/';
  assert.match(
    await failureOf(skill, { url, method: 'POST', json: 1, text: 'x' }),
    /^failed skill_input_invalid: .*json and text/,
  );
  assert.match(await failureOf(skill, { url, json: 1 }), /^failed skill_input_invalid: A GET/);
});

test('statuses fail by their kind, and name the origin alone', async () => {
  await using server = await site((request, response) => {
    const status = Number(request.url?.slice(1, 4));
    if (status === 429) response.setHeader('retry-after', '7');
    response.writeHead(status).end('<p>stack trace of the server</p>');
  });
  const failure = (status: number): Promise<string> =>
    failureOf(skill, { url: `${server.origin}/${status}?key=s3cret` });
  const { origin } = server;
  assert.equal(await failure(404), `failed target_refused: ${origin} answered 404 Not Found.`);
  assert.equal(await failure(304), `failed target_refused: ${origin} answered 304 Not Modified.`);
  assert.equal(
    await failure(500),
    `failed target_failed: ${origin} answered 500 Internal Server Error.`,
  );
  assert.equal(
    await failure(503),
    `failed target_overloaded: ${origin} answered 503 Service Unavailable.`,
  );
  assert.equal(await failure(529), `failed target_overloaded: ${origin} answered 529.`);
  const later = await attempt(skill, { url: `${origin}/429` });
  assert.ok(later.outcome === 'failed');
  assert.equal(later.failure.retryAfterMs, 7000);
  const any = await outputOf<Output>(skill, { url: `${origin}/404`, expect: 'any' });
  assert.equal(any.status, 404);
});

test('a POST whose end nobody knows has an unknown outcome; a GET is simply failed', async () => {
  await using server = await site((request, response) => {
    if (request.url === '/cut') response.socket?.destroy();
    else if (request.url !== '/hang') response.writeHead(Number(request.url?.slice(1))).end();
  });
  const ending = async (method: string, path: string): Promise<string> => {
    const result = await attempt(skill, { url: server.origin + path, method }, { timeoutMs: 400 });
    return result.outcome === 'completed' ? '' : `${result.outcome} ${result.failure.code}`;
  };
  assert.equal(await ending('POST', '/cut'), 'unknown target_unreachable');
  assert.equal(await ending('GET', '/cut'), 'failed target_unreachable');
  assert.equal(await ending('PUT', '/cut'), 'failed target_unreachable');
  assert.equal(await ending('POST', '/hang'), 'unknown target_timed_out');
  assert.equal(await ending('DELETE', '/hang'), 'failed target_timed_out');
  assert.equal(await ending('PATCH', '/502'), 'unknown target_failed');
  assert.equal(await ending('POST', '/504'), 'unknown target_failed');
  assert.equal(await ending('POST', '/500'), 'failed target_failed');
  assert.equal(await ending('POST', '/409'), 'failed target_refused');
});

test('nothing was sent to a closed port, so even a POST is simply failed', async () => {
  const gone = await site(() => {});
  await gone[Symbol.asyncDispose]();
  assert.match(
    await failureOf(skill, { url: gone.origin, method: 'POST' }),
    /^failed target_unreachable/,
  );
});

const effect = (input: { method?: string }): string =>
  effectOf(skill.manifest, { url: 'https://x/', ...input });

test('the class of the effect follows the method, GET when there is none', () => {
  assert.equal(effect({}), 'read');
  assert.equal(effect({ method: 'HEAD' }), 'read');
  assert.equal(effect({ method: 'PUT' }), 'keyed');
  assert.equal(effect({ method: 'DELETE' }), 'keyed');
  assert.equal(effect({ method: 'POST' }), 'unkeyed');
  assert.equal(effect({ method: 'PATCH' }), 'unkeyed');
});

test('too large is a failure, never a cut text', async () => {
  await using server = await site((_request, response) => {
    response.setHeader('content-type', 'text/plain').end('x'.repeat(101));
  });
  assert.match(
    await failureOf(skill, { url: server.origin, bytesMax: 100 }),
    /^failed response_too_large: .* 100 bytes/,
  );
  assert.equal((await outputOf<Output>(skill, { url: server.origin, bytesMax: 101 })).bytes, 101);
});

test('private addresses and other schemes are refused', async () => {
  for (const url of [
    'http://127.0.0.2/',
    'http://[::1]/',
    'file:///etc/passwd',
    'http://u:p@x/',
    'x',
  ]) {
    assert.match(await failureOf(skill, { url }), /^failed address_refused: /, url);
  }
});

test('redirects are listed, and their number is bounded', async () => {
  await using server = await site((request, response) => {
    if (request.url === '/a') response.writeHead(302, { location: '/b' });
    response.end('end');
  });
  const output = await outputOf<Output>(skill, { url: `${server.origin}/a` });
  assert.deepEqual([output.url, output.redirects], [`${server.origin}/b`, [`${server.origin}/b`]]);
  assert.match(
    await failureOf(skill, { url: `${server.origin}/a`, redirectsMax: 0 }),
    /^failed too_many_redirects/,
  );
});

test('a header that would split the request is refused', async () => {
  assert.match(
    await failureOf(skill, { url: 'http://127.0.0.1:1/', headers: { x: 'a\r\nb: c' } }),
    /^failed target_refused/,
  );
});
