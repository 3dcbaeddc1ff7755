import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';

import { parseAllowedHosts } from './allowed-hosts.ts';
import { parseConnectTo } from './connect-to.ts';
import { createEgressOn } from './egress.ts';
import { createEgress, EgressError } from './index.ts';

const forever = new AbortController().signal;
const nowhere = async (): Promise<string[]> => {
  throw new Error('unknown');
};

async function refusal(url: string, resolve: (host: string) => Promise<readonly string[]>) {
  await using egress = createEgress({ allowPrivateHosts: [], resolve });
  const error: unknown = await egress.request({ url, timeoutMs: 2000 }, forever).then(
    () => assert.fail(`${url} was answered`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EgressError, String(error));
  assert.equal(error.sent, false);
  return error;
}

const literals = [
  'http://127.0.0.1',
  'http://127.1',
  'http://0',
  'http://0x7f.1',
  'http://0177.0.0.1',
  'http://2130706433',
  'http://[::]',
  'http://[::1]',
  'http://[::ffff:127.0.0.1]',
  'http://[::ffff:7f00:1]',
  'http://[::127.0.0.1]',
  'http://[64:ff9b::7f00:1]',
  'http://[64:ff9b:1::7f00:1]',
  'http://[2002:7f00:1::]',
  'http://[fe80::1]',
  'http://[fd00:ec2::254]',
  'http://①②⑦.⓪.⓪.①',
  'http://good.example@127.0.0.1',
  'http://127.0.0.1#@good.example',
  'http://127.0.0.1\t',
  'ht\ntp://127.0.0.1',
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166',
  'http://0251.0376.0251.0376',
  'http://100.100.100.200',
  'http://192.0.0.192',
  'http://[fd20:ce::254]',
  'http://0.0.0.0:9090',
  'https://127.0.0.1',
  'http://8.8.8.8:22',
  'http://8.8.8.8:5432',
  'gopher://127.0.0.1/',
  'file:///etc/passwd',
  'data:text/html,x',
  'ftp://127.0.0.1/',
  'jar:http://127.0.0.1!/x',
  'blob:http://127.0.0.1/x',
  'javascript:alert(1)',
  'http://',
  '',
  '//127.0.0.1/',
  'http://user:s3cret@8.8.8.8/',
  `http://8.8.8.8/${'a'.repeat(9000)}`,
];
for (const url of literals) {
  test(`${JSON.stringify(url.slice(0, 60))} is refused without asking anybody`, async () => {
    const error = await refusal(url, async () => assert.fail('a name was looked up'));
    assert.equal(error.code, 'address_refused', error.message);
    assert.ok(!error.message.includes('s3cret'));
  });
}

for (const url of [
  'http://localhost.',
  'http://LOCALHOST%2e',
  'http://metadata.google.internal./',
  'http://db:5432',
]) {
  test(`${url} is refused by what its name resolves to`, async () => {
    const asked: string[] = [];
    const error = await refusal(url, async (host) => {
      asked.push(host);
      return [
        host === 'localhost' ? '127.0.0.1' : host === 'db' ? '172.18.0.2' : '169.254.169.254',
      ];
    });
    assert.equal(error.code, 'address_refused');
    assert.equal(asked.length, 1);
    assert.ok(!/\d+\.\d+\.\d+\.\d+/.test(error.message), 'the address behind a name is not told');
  });
}

test('a backslash is a slash: the host is what stands before it', async () => {
  const error = await refusal('http://good.example\\@127.0.0.1', nowhere);
  assert.equal(error.code, 'target_unreachable');
  assert.match(error.message, /good\.example/);
});

test('one private address among many is enough to refuse a name', async () => {
  for (const answers of [
    ['93.184.215.14', '127.0.0.1'],
    ['93.184.215.14', '::1'],
    [...Array.from({ length: 49 }, (_, i) => `93.184.215.${i + 1}`), '10.0.0.1'],
    ['not an address'],
  ]) {
    const error = await refusal('http://mixed.example/', async () => answers);
    assert.equal(error.code, 'address_refused');
  }
});

test('a name that changes its mind is dialled where it was judged', async () => {
  await using server = await loopback();
  let asked = 0;
  const dialled: string[] = [];
  await using egress = createEgressOn({
    allowed: parseAllowedHosts([]),
    connectTo: parseConnectTo({}),
    resolve: async () => (asked++ === 0 ? ['93.184.215.14'] : ['127.0.0.1']),
    connect: ({ lookup, host = '' }) => {
      lookup?.(host, { all: false }, (_error, address) => dialled.push(address as string));
      return net.connect(1, '127.0.0.1');
    },
  });
  await assert.rejects(egress.request({ url: `http://rebind.example/` }, forever));
  assert.deepEqual(dialled, ['93.184.215.14']);
  assert.equal(asked, 1);
  assert.equal(server.requests, 0);
});

test('the address really connected is judged, whatever was dialled', async () => {
  await using server = await loopback();
  await using egress = createEgressOn({
    allowed: parseAllowedHosts([]),
    connectTo: parseConnectTo({}),
    resolve: async () => ['93.184.215.14'],
    connect: () => net.connect(server.port, '127.0.0.1'),
  });
  await assert.rejects(egress.request({ url: 'http://good.example/' }, forever), (error) => {
    assert.ok(error instanceof EgressError);
    assert.equal(error.code, 'address_refused');
    assert.equal(error.sent, false);
    return true;
  });
  assert.equal(server.requests, 0);
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} to a private address is refused on the first and on the fifth hop`, async () => {
    await using inside = await loopback();
    for (const hops of [1, 5]) {
      await using server = await loopback((request, response) => {
        const hop = Number(request.url?.slice(1) || 0) + 1;
        const location = hop === hops ? `http://127.0.0.1:${inside.port}/` : `/${hop}`;
        response.writeHead(status, { location }).end();
      });
      await using egress = createEgress({ allowPrivateHosts: [`127.0.0.1:${server.port}`] });
      await assert.rejects(egress.request({ url: `http://127.0.0.1:${server.port}/` }, forever), {
        code: 'address_refused',
      });
    }
    assert.equal(inside.requests, 0);
  });
}

async function loopback(
  answer: http.RequestListener = (_request, response) => response.end(),
): Promise<AsyncDisposable & { port: number; requests: number }> {
  const server = http.createServer((request, response) => {
    state.requests += 1;
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const state = {
    port: (server.address() as AddressInfo).port,
    requests: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return state;
}
