import assert from 'node:assert/strict';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { startPageServer } from '@aos/testing';

import { createEgress, EgressError, type EgressOptions, type EgressRequest } from './index.ts';

const notFound = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
const noLookUp = async (): Promise<string[]> => assert.fail('a name was looked up');
const forever = new AbortController().signal;

interface Site extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  readonly seen: {
    method: string;
    url: string;
    headers: IncomingMessage['headers'];
    body: string;
  }[];
}

async function site(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Site> {
  const seen: Site['seen'] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body,
      });
      answer(request, response);
    });
  });
  return listening(server, seen);
}

async function listening(server: net.Server, seen: Site['seen'] = []): Promise<Site> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function ask(request: EgressRequest, options: Partial<EgressOptions> = {}) {
  await using egress = createEgress({ allowPrivateHosts: ['127.0.0.1'], ...options });
  return await egress.request(request, forever);
}

const failsAs = (code: string, sent?: boolean, detail?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EgressError, String(error));
  assert.equal(error.code, code, error.message);
  if (sent !== undefined) assert.equal(error.sent, sent);
  if (detail) assert.match(error.message, detail);
  return true;
};

test('a request arrives as given, and its answer comes back whole', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(201, {
      'x-one': 'a',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': 'text/x',
    });
    response.end('done');
  });
  const answer = await ask({
    url: `${server.origin}/p?q=a%20b#fragment`,
    method: 'POST',
    headers: { 'X-Custom': 'v', 'Content-Type': 'application/json' },
    body: '{"a":"ü"}',
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.url, `${server.origin}/p?q=a%20b`);
  assert.equal(answer.body.toString(), 'done');
  assert.equal(answer.headers['x-one'], 'a');
  assert.equal(answer.headers['set-cookie'], 'a=1\nb=2');
  const [seen] = server.seen;
  assert.deepEqual([seen?.method, seen?.url, seen?.body], ['POST', '/p?q=a%20b', '{"a":"ü"}']);
  assert.equal(seen?.headers['x-custom'], 'v');
  assert.equal(seen?.headers['content-type'], 'application/json');
  assert.equal(seen?.headers['content-length'], '10');
  assert.equal(seen?.headers.host, `127.0.0.1:${server.port}`);
  assert.match(seen?.headers['user-agent'] ?? '', /^AOS/);
});

test('every status is an answer', async () => {
  await using server = await site((request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end();
  });
  for (const status of [204, 304, 401, 404, 418, 500, 503]) {
    assert.equal((await ask({ url: `${server.origin}/${status}` })).status, status);
  }
});

test('gzip, deflate and brotli are unpacked', async () => {
  const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
  await using server = await site((request, response) => {
    const name = request.url?.slice(1) as keyof typeof packers;
    response.writeHead(200, { 'content-encoding': name }).end(packers[name]('hello '.repeat(100)));
  });
  for (const name of Object.keys(packers)) {
    const { body } = await ask({ url: `${server.origin}/${name}` });
    assert.equal(body.toString(), 'hello '.repeat(100), name);
  }
});

test('a HEAD request has no body, whatever length it declares', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(200, { 'content-length': '999999999' }).end();
  });
  const answer = await ask({ url: server.origin, method: 'HEAD', bytesMax: 10 });
  assert.equal(answer.body.length, 0);
});

test('bodies beyond the limit are stopped: declared, chunked and packed ones', async () => {
  let written = 0;
  await using server = await site((request, response) => {
    if (request.url === '/declared') response.writeHead(200, { 'content-length': '1001' }).end('x');
    if (request.url === '/chunked') {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
        response.once('drain', more);
      };
      more();
    }
    if (request.url === '/bomb') {
      const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    }
  });
  for (const path of ['/declared', '/chunked', '/bomb']) {
    await assert.rejects(
      ask({ url: server.origin + path, bytesMax: 1000 }),
      failsAs('response_too_large', undefined, /1000 bytes/),
    );
  }
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes were read`);
  const within = gzipSync(Buffer.alloc(1000));
  await using exact = await site((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(within);
  });
  assert.equal((await ask({ url: exact.origin, bytesMax: 1000 })).body.length, 1000);
});

test('too many headers are stopped', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(200, { 'x-big': 'a'.repeat(1024 * 1024) }).end();
  });
  await assert.rejects(ask({ url: server.origin }), failsAs('response_too_large'));
});

test('a slow trickle ends with the time limit', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(drip));
  });
  await assert.rejects(
    ask({ url: server.origin, timeoutMs: 200 }),
    failsAs('target_timed_out', true, /200 ms/),
  );
});

test('a server that never answers has been sent the request', async () => {
  await using server = await site(() => {});
  await assert.rejects(
    ask({ url: server.origin, method: 'POST', timeoutMs: 150 }),
    failsAs('target_timed_out', true),
  );
  assert.equal(server.seen.length, 1);
});

test('a cut in the middle of the answer tells that the request was sent', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.socket?.destroy());
  });
  await assert.rejects(ask({ url: server.origin }), failsAs('target_unreachable', true));
});

test('garbage instead of HTTP is told as such', async () => {
  await using server = await listening(
    net.createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9\r\n')),
  );
  await assert.rejects(ask({ url: server.origin }), failsAs('target_failed', true));
});

test('a broken gzip stream is told as such', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip');
  });
  await assert.rejects(ask({ url: server.origin }), failsAs('target_failed', true));
});

test('nothing was sent when nobody listens, or the name does not exist', async () => {
  const closed = await site(() => {});
  await closed[Symbol.asyncDispose]();
  await assert.rejects(
    ask({ url: closed.origin }),
    failsAs('target_unreachable', false, /ECONNREFUSED/),
  );
  await assert.rejects(
    ask({ url: 'http://nowhere.example/' }, { resolve: async () => Promise.reject(notFound) }),
    failsAs('target_unreachable', false, /nowhere\.example could not be found/),
  );
});

test('a resolver that never answers ends with the time limit', async () => {
  const ticking = setInterval(() => {}, 1000);
  try {
    await assert.rejects(
      ask({ url: 'http://slow.example/', timeoutMs: 50 }, { resolve: () => new Promise(() => {}) }),
      failsAs('target_unreachable', false),
    );
  } finally {
    clearInterval(ticking);
  }
});

test('the caller can cancel, and disposing cancels what is left', async () => {
  const arrived = Promise.withResolvers<void>();
  await using server = await site(() => arrived.resolve());
  const egress = createEgress({ allowPrivateHosts: ['127.0.0.1'] });
  const stop = new AbortController();
  const first = egress.request({ url: server.origin }, stop.signal);
  await arrived.promise;
  stop.abort();
  await assert.rejects(first, failsAs('cancelled', true));
  await assert.rejects(
    egress.request({ url: server.origin }, stop.signal),
    failsAs('cancelled', false),
  );

  const second = assert.rejects(
    egress.request({ url: server.origin }, forever),
    failsAs('cancelled'),
  );
  await egress[Symbol.asyncDispose]();
  await second;
});

test('https to a server that speaks plain http is refused before anything is sent', async () => {
  await using server = await site((_request, response) => response.end());
  await assert.rejects(
    ask({ url: `https://127.0.0.1:${server.port}/` }),
    failsAs('target_refused', false, /secure connection/),
  );
});

test('the environment chooses no proxy', async () => {
  await using proxy = await site((_request, response) => response.end('proxied'));
  await using server = await site((_request, response) => response.end('direct'));
  const names = ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
  for (const name of names) process.env[name] = proxy.origin;
  try {
    assert.equal((await ask({ url: server.origin })).body.toString(), 'direct');
    assert.equal(server.seen[0]?.url, '/', 'a proxy would be asked for the whole URL');
  } finally {
    for (const name of names) delete process.env[name];
  }
});

test('headers of the connection, and headers that would split the request, are refused', async () => {
  await using server = await site((_request, response) => response.end());
  for (const [name, value] of [
    ['Host', 'other'],
    ['transfer-encoding', 'chunked'],
    ['Content-Length', '1'],
    ['Proxy-Authorization', 'x'],
    ['bad name', 'x'],
    ['x', 'a\r\nInjected: 1'],
    ['x', 'a\0'],
    ['x', 'ü€'],
    ['x', 'a'.repeat(20_000)],
  ] as const) {
    await assert.rejects(
      ask({ url: server.origin, headers: { [name]: value } }),
      failsAs('target_refused', false),
      name,
    );
  }
  assert.equal(server.seen.length, 0);
});

test('redirects are followed and listed, up to the limit', async () => {
  await using server = await site((request, response) => {
    const left = Number(request.url?.slice(1));
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end('moved');
    else response.end('there');
  });
  const answer = await ask({ url: `${server.origin}/5` });
  assert.equal(answer.body.toString(), 'there');
  assert.equal(answer.url, `${server.origin}/0`);
  assert.deepEqual(
    answer.redirects,
    [4, 3, 2, 1, 0].map((left) => `${server.origin}/${left}`),
  );
  await assert.rejects(ask({ url: `${server.origin}/6` }), failsAs('too_many_redirects'));
  await assert.rejects(
    ask({ url: `${server.origin}/1`, redirectsMax: 0 }),
    failsAs('too_many_redirects', undefined, /no redirects/),
  );
});

test('a loop of redirects ends', async () => {
  await using server = await site((_request, response) => {
    response.writeHead(301, { location: '/' }).end();
  });
  await assert.rejects(ask({ url: server.origin }), failsAs('too_many_redirects'));
});

test('credentials stay at their origin', async () => {
  await using other = await site((_request, response) => response.end());
  await using server = await site((_request, response) => {
    response.writeHead(307, { location: `${other.origin}/there` }).end();
  });
  const headers = {
    Authorization: 'Bearer s3cret',
    Cookie: 'a=b',
    'X-Api-Key': 's3cret',
    Accept: 'a/b',
  };
  await ask({ url: server.origin, method: 'POST', headers, body: 'data' });
  assert.equal(server.seen[0]?.headers.authorization, 'Bearer s3cret');
  const [seen] = other.seen;
  assert.deepEqual([seen?.method, seen?.body, seen?.headers.accept], ['POST', 'data', 'a/b']);
  assert.ok(!JSON.stringify(seen).includes('s3cret'));
  assert.equal(seen?.headers.cookie, undefined);
});

test('a POST that was answered with "see there" counts as sent when there fails', async () => {
  await using server = await site((request, response) => {
    const [, status = ''] = request.url?.split('/') ?? [];
    response.writeHead(Number(status), { location: 'http://127.0.0.2/' }).end();
  });
  for (const [status, sent] of [
    [303, true],
    [302, true],
    [307, false],
    [308, false],
  ] as const) {
    await assert.rejects(
      ask({ url: `${server.origin}/${status}`, method: 'POST' }),
      failsAs('address_refused', sent),
    );
  }
});

test('a host can be connected elsewhere, and keeps its name', async () => {
  await using pages = await startPageServer({ '/': 'stand-in' });
  const connectTo = { 'google.com': pages.host };
  const answer = await ask({ url: 'http://google.com/' }, { connectTo, resolve: noLookUp });
  assert.equal(answer.body.toString(), 'stand-in');
  assert.equal(answer.url, 'http://google.com/');
  assert.equal(pages.requests[0]?.headers['host'], 'google.com');
  for (const allowPrivateHosts of [[], ['google.com']]) {
    await assert.rejects(
      ask({ url: 'http://google.com/' }, { connectTo, allowPrivateHosts }),
      failsAs('address_refused', false),
    );
  }
});
