import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';

import { violationsOf } from '@aos/checker';

import { until } from '../hold.ts';
import type { Scenario } from '../scenario.ts';
import { buildWorld } from '../world.ts';

const MB = 1024 * 1024;
/** What the API may grow by while it is sent bodies that are far too large. */
const GROWTH_BYTES_MAX = 256 * MB;

const call = {
  version: 1,
  steps: [{ key: 'a', skill: 'http_request', input: { url: '${input.url}' } }],
};

/** Bodies that no client should send. */
const bodies: readonly (readonly [string, () => string])[] = [
  ['1 MB', () => JSON.stringify({ goal: 'x', input: { text: 'x'.repeat(MB) } })],
  ['16 MB', () => JSON.stringify({ goal: 'x', input: { text: 'x'.repeat(16 * MB) } })],
  ['64 MB', () => JSON.stringify({ goal: 'x', input: { text: 'x'.repeat(64 * MB) } })],
  ['20,000 levels', () => `{"goal":"x","input":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
  [
    '100,000 levels',
    () => `{"goal":"x","input":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
  ],
  ['NUL', () => String.raw`{"goal":"x","input":{"a":"\u0000"}}`],
  ['a lone surrogate', () => String.raw`{"goal":"x","input":{"a":"\ud800"}}`],
  ['a key twice', () => '{"goal":"x","goal":"y"}'],
  ['a great number', () => '{"goal":"x","input":{"a":123456789012345678901234567890}}'],
];

/** Answers that no server should give. */
const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/nul': (response) => response.end(String.raw`{"a":"\u0000","\u0000":1}`),
  '/surrogate': (response) => response.end(String.raw`{"a":"\ud800 and \udc00"}`),
  '/deep': (response) => response.end(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
  '/large': (response) => response.end(JSON.stringify('x'.repeat(3 * MB))),
  '/numbers': (response) => response.end('[1e400,123456789012345678901234567890,-0]'),
};

export const f20: Scenario = {
  name: 'F20',
  what: 'bodies and answers that are huge, deep, or cannot be stored',
  passLine: 'each is refused at the edge or ends its run; no 5xx, bounded memory, I23 holds',
  async run({ random, say }) {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      answers[request.url ?? '']?.(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const env = { AOS_ALLOW_PRIVATE_HOSTS: `127.0.0.1:${port}` };
    await using world = await buildWorld({ random, workers: 1, apis: 1, proxied: false, env });
    try {
      const [api] = world.fleet.members('api');
      assert.ok(api);
      const before = residentBytes(api.process.pid);
      for (const [what, body] of bodies) {
        const status = await post(api.process.port, world.apiKey, body());
        say(`${what}: ${status}`);
        assert.ok(status < 500, what);
      }
      const grown = residentBytes(api.process.pid) - before;
      say(`the API grew by ${Math.round(grown / MB)} MB`);
      assert.ok(grown < GROWTH_BYTES_MAX);
      for (const path of Object.keys(answers)) {
        const input = { url: `http://127.0.0.1:${port}${path}`, token: path };
        await world.caller.insist('POST', '/v1/runs', { goal: path, plan: call, input }, path);
      }
      await until(90_000, 'every run has ended', async () => {
        const rows = await world.database.query(`select from aos.runs where status <> 'finished'`);
        return rows.length === 0 ? true : undefined;
      });
      assert.equal(world.fleet.members('worker').length, 1);
      assert.deepEqual(await violationsOf({ databaseUrl: world.databaseUrl }), []);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
};

/** The status; a connection that is closed because of a body that is too large counts as 413. */
async function post(port: number, apiKey: string, body: string): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v1/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 413;
  }
}

function residentBytes(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
