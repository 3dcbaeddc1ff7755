import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { ask, echoPlan, startTestApi, type TestApi } from './api.fixture.ts';

const goal = (rest: string) => `{"goal":"x"${rest}}`;

describe('bodies and paths nobody means well with', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    const faults = api
      .log()
      .split('\n')
      .filter((line) => line.includes('http.failed'));
    assert.deepEqual(faults, [], 'no request met a fault of our own');
  });

  const json = { 'content-type': 'application/json' };
  const post = (body: string | Uint8Array, headers: Record<string, string> = json) =>
    api.ask('/v1/runs', { method: 'POST', body, headers });

  test('each gets a clear refusal', async () => {
    const nested = '{"goal":"x","input":'.concat('{"a":'.repeat(20_000), '1', '}'.repeat(20_001));
    const cases: [string, string | Uint8Array, number, string][] = [
      ['10 MB', goal(`,"input":{"a":"${'a'.repeat(10_000_000)}"}`), 413, 'payload_too_large'],
      ['257 KiB', goal(`,"input":{"a":"${'a'.repeat(257 * 1024)}"}`), 413, 'payload_too_large'],
      ['a large input', goal(`,"input":{"a":"${'a'.repeat(200_000)}"}`), 422, 'invalid_request'],
      ['20,000 levels', nested, 422, 'invalid_request'],
      ['an unknown field', goal(',"goals":1'), 422, 'invalid_request'],
      ['__proto__', goal(',"__proto__":{"admin":true}'), 422, 'invalid_request'],
      ['constructor', goal(',"constructor":{"prototype":{}}'), 422, 'invalid_request'],
      ['a file handle', goal(',"files":{"filepath":"/etc/passwd"}'), 422, 'invalid_request'],
      ['a name twice', goal(',"goal":"y"'), 400, 'invalid_json'],
      ['a byte order mark', '\uFEFF{"goal":"x"}', 400, 'invalid_json'],
      ['UTF-16', Buffer.from('{"goal":"x"}', 'utf16le'), 400, 'invalid_json'],
      ['bad UTF-8', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 400, 'invalid_json'],
      ['half a body', '{"goal":', 400, 'invalid_json'],
      ['nothing', '', 400, 'invalid_json'],
      ['a huge number', goal(',"priority":1e400'), 400, 'invalid_json'],
      ['null', 'null', 422, 'invalid_request'],
      ['a list', '[]', 422, 'invalid_request'],
      ['a text', '"goal"', 422, 'invalid_request'],
      ['a goal of blanks', '{"goal":"  "}', 422, 'invalid_request'],
      ['a long goal', JSON.stringify({ goal: 'a'.repeat(8001) }), 422, 'invalid_request'],
      ['a time that is none', goal(',"startAt":"2026-02-30T00:00:00Z"'), 422, 'invalid_request'],
      ['a leap second', goal(',"startAt":"2016-12-31T23:59:60Z"'), 422, 'invalid_request'],
    ];
    for (const [what, body, status, code] of cases) {
      const told = await post(body);
      assert.equal(told.status, status, `${what}: ${told.text.slice(0, 300)}`);
      assert.equal(told.json.code, code, what);
      assert.doesNotMatch(told.text, /node:|\.ts:\d|postgres/i, what);
    }
    assert.equal(({} as { admin?: unknown }).admin, undefined);
  });

  test('every wrong place of a bad body is named', async () => {
    const told = await post('{"priority":"high","tags":["a b"],"budget":{"steps":0}}');
    assert.equal(told.status, 422);
    assert.deepEqual(
      told.json.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted(),
      ['#', '#/budget/steps', '#/priority', '#/tags/0'],
    );
  });

  test('anything but JSON in UTF-8, and anything compressed, gets 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      'application/json, text/plain',
      '',
    ]) {
      const told = await post(Buffer.from('{"goal":"x"}'), { 'content-type': type });
      assert.equal(told.status, 415, `${type}: ${told.text}`);
    }
    const bomb = gzipSync(`{"goal":"${'a'.repeat(10_000_000)}"}`);
    const told = await post(bomb, { ...json, 'content-encoding': 'gzip' });
    assert.equal(told.status, 415);
    assert.equal(told.json.code, 'unsupported_media_type');
  });

  test('NUL, lone surrogates and odd names are stored as what PostgreSQL can keep', async () => {
    const plan = JSON.stringify(echoPlan('${input.a}'));
    const told = await post(
      `{"goal":"x\\u0000","plan":${plan},"input":{"a":"\\ud800","__proto__":{"b":"\\u0000"},"constructor":1}}`,
    );
    assert.equal(told.status, 202, told.text);
    assert.equal(told.json.goal, 'x\uFFFD');
    const { text } = await api.ask(`/v1/runs/${told.json.id}`);
    assert.match(text, /"a":"\uFFFD"/);
    assert.match(text, /"__proto__":\{"b":"\uFFFD"\}/);
  });

  test('odd paths, queries and headers get 4xx', async () => {
    const cases: [string, number][] = [
      ['/v1/runs/%ff', 404],
      ['/v1/runs/%00', 404],
      ['/v1/runs/run_%27%20or%201=1', 404],
      [`/v1/runs/run_${'a'.repeat(3000)}`, 404],
      ['/v1/runs/../../etc/passwd', 404],
      ['/v1/runs/', 404],
      ['/v1/agents/%00', 404],
      ['/v1/skills/%00%ed%a0%80', 404],
      ['/v1/agents/__proto__', 404],
      ['/v1/skills/constructor', 404],
      ['/v1/runs?status=lost', 422],
      ['/v1/runs?limit=0', 422],
      ['/v1/runs?limit=1e9', 422],
      ['/v1/runs?limit=201', 422],
      ['/v1/runs?limit[]=1', 422],
      ['/v1/runs?limit=1&limit=2', 422],
      ['/v1/runs?__proto__=1', 422],
      ['/v1/runs?cursor=x', 422],
      [`/v1/runs?cursor=${Buffer.from('["2026-01-01","x"]').toString('base64url')}`, 422],
      ['/v1/runs?createdAfter=yesterday', 422],
      ['/v1/runs?q=%ff%00', 200],
      ['/v1/runs?q=%25_%5C', 200],
    ];
    for (const [path, status] of cases) {
      const told = await api.ask(path);
      assert.equal(told.status, status, `${path}: ${told.text.slice(0, 200)}`);
    }
    const many = `?${Array.from({ length: 500 }, (_, n) => `a[${n}]=1`).join('&')}`;
    assert.equal((await api.ask(`/v1/runs${many}`)).status, 422);
    const key = await api.ask('/v1/runs', {
      json: { goal: 'x' },
      headers: { 'idempotency-key': 'a'.repeat(201) },
    });
    assert.equal(key.status, 422);
    const long = await ask(api.url, `/v1/runs?q=${'a'.repeat(64 * 1024)}`, { key: api.key });
    assert.equal(long.status, 431);
  });

  test('requests that are no HTTP, or two in one, are cut with 4xx', async () => {
    const host = 'Host: a\r\n';
    for (const request of [
      'GARBAGE\r\n\r\n',
      `POST /v1/runs HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
      `GET /livez HTTP/1.1\r\n${host}A: ${'a'.repeat(70_000)}\r\n\r\n`,
      `GET /livez HTTP/1.1\r\n${host}X: a\u0000b\r\n\r\n`,
    ]) {
      assert.match(await raw(api.api.port, request), /^HTTP\/1\.1 4\d\d /, request.slice(0, 60));
    }
  });
});

function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.on('error', () => {}).on('close', () => resolve(answer));
  });
}
