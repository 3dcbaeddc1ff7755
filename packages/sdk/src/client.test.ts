import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { ApiError } from './api-error.ts';
import { createClient, type Client } from './client.ts';

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

interface Host extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  readonly seen: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
  }[];
}

/** A real server that answers the nth request with the nth handler, and the last one from there on. */
async function host(...handlers: Handle[]): Promise<Host> {
  const seen: Host['seen'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers });
      (handlers[seen.length - 1] ?? handlers.at(-1))?.(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  return {
    url,
    client: createClient({ url, apiKey: 'aos_x' }),
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answer =
  (status: number, json: unknown, headers: Record<string, string> = {}): Handle =>
  (_request, response) => {
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(json));
  };
const hangUp: Handle = (request) => request.socket.destroy();
const busy = answer(503, { code: 'database_unavailable', status: 503 }, { 'retry-after': '0' });

test('a run is asked for once under one key, however often the network fails', async () => {
  await using api = await host(hangUp, busy, hangUp, answer(202, { id: 'run_1' }));
  const run = await api.client.runs.create({ goal: 'x' }, { waitS: 5 });
  assert.equal(run.id, 'run_1');
  assert.equal(api.seen.length, 4);
  const keys = api.seen.map(({ headers }) => headers['idempotency-key']);
  assert.equal(new Set(keys).size, 1);
  assert.match(String(keys[0]), /^"[0-9a-f-]{36}"$/);
  assert.equal(api.seen[0]?.headers['prefer'], 'wait=5');
  assert.equal(api.seen[0]?.headers['authorization'], 'Bearer aos_x');
});

test('it gives up after five tries', async () => {
  await using api = await host(busy);
  await assert.rejects(api.client.runs.get('run_1'), { code: 'database_unavailable' });
  assert.equal(api.seen.length, 5);
});

test('what may not be done twice is sent once', async () => {
  await using api = await host(hangUp);
  await assert.rejects(api.client.approvals.decide('apr_1', { decision: 'approve' }), TypeError);
  await assert.rejects(api.client.agents.create({ name: 'a', description: 'x' }), TypeError);
  assert.equal(api.seen.length, 2);
});

test('a problem becomes an ApiError with all it says; an answer of nobody we know, too', async () => {
  const problem = {
    code: 'invalid_request',
    status: 422,
    detail: 'The request: #/goal is short.',
    requestId: 'req_1',
    errors: [{ pointer: '#/goal', detail: 'is short' }],
  };
  await using api = await host(
    answer(422, problem),
    answer(429, { code: 'rate_limited' }, { 'retry-after': '7' }),
    (_request, response) => response.writeHead(502).end('<html>Bad gateway</html>'),
  );
  await assert.rejects(api.client.runs.create({ goal: '' }), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    const { status, code, detail, problems, requestId } = error;
    assert.deepEqual(
      { status, code, detail, problems, requestId },
      {
        status: 422,
        code: 'invalid_request',
        detail: problem.detail,
        problems: problem.errors,
        requestId: 'req_1',
      },
    );
    return true;
  });
  await assert.rejects(api.client.version(), { code: 'rate_limited', retryAfterMs: 7_000 });
  await assert.rejects(api.client.version(), { status: 502, code: 'internal' });
  assert.equal(api.seen.length, 3);
});

test('a redirect is not followed with the key', async () => {
  await using other = await host(answer(200, {}));
  await using api = await host((_request, response) =>
    response.writeHead(302, { location: other.url }).end(),
  );
  await assert.rejects(api.client.agents.create({ name: 'a', description: 'x' }));
  assert.equal(other.seen.length, 0);
});

test('names and filters are written into the URL so that they mean what they say', async () => {
  await using api = await host(answer(200, { items: [] }));
  await api.client.runs.list({
    q: 'a&b=c %',
    limit: 3,
    createdAfter: new Date('2026-01-02T03:04:05Z'),
  });
  await api.client.runs.artifact('run_1', 'out/a b.md');
  await api.client.agents.disable('a/b', 2);
  assert.deepEqual(
    api.seen.map(({ url }) => url),
    [
      '/v1/runs?q=a%26b%3Dc+%25&limit=3&createdAfter=2026-01-02T03%3A04%3A05.000Z',
      '/v1/runs/run_1/artifacts/out/a%20b.md',
      '/v1/agents/a%2Fb',
    ],
  );
  assert.equal(api.seen[2]?.headers['if-match'], '"2"');
  assert.throws(() => api.client.runs.get('..'), TypeError);
});

const event = (seq: number) => `id: ${seq}\ndata: ${JSON.stringify({ seq, type: 'x' })}\n\n`;
const stream =
  (...parts: string[]): Handle =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(parts.join(''), () => response.destroy());
  };
const END = 'event: end\ndata: {}\n\n';

test('a stream that breaks goes on behind the last event, and repeats are left out', async () => {
  await using api = await host(
    stream('retry: 1\n\n', event(0), event(1), 'id: 2\ndata: {"se'),
    hangUp,
    stream(': still here\n\n', event(1), event(2)),
    stream(event(3), END),
  );
  const seen: number[] = [];
  for await (const { seq } of api.client.runs.events('run_1')) seen.push(seq);
  assert.deepEqual(seen, [0, 1, 2, 3]);
  assert.deepEqual(
    api.seen.map(({ headers }) => headers['last-event-id']),
    [undefined, '1', '1', '2'],
  );
});

test('a stream that is refused ends with the error, at once', async () => {
  await using refusing = await host(answer(404, { code: 'run_not_found' }));
  await assert.rejects(refusing.client.runs.events('run_1')[Symbol.asyncIterator]().next(), {
    code: 'run_not_found',
  });
  assert.equal(refusing.seen.length, 1);
});

test('a stream can be left at any time', async () => {
  await using api = await host((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event(0));
  });
  const leave = new AbortController();
  const seen: number[] = [];
  await assert.rejects(
    (async () => {
      for await (const { seq } of api.client.runs.events('run_1', { signal: leave.signal })) {
        seen.push(seq);
        leave.abort();
      }
    })(),
    { name: 'AbortError' },
  );
  assert.deepEqual(seen, [0]);
});
