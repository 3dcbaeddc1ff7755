import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { apiKeys, createDatabase, migrate } from '@aos/store';
import { testDatabase, type TestDatabase } from '@aos/testing';

import { ask } from './api.fixture.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly exit: Promise<number | null>;
  readonly out: () => string;
  readonly err: () => string;
}

describe('the API as a process', () => {
  let database: TestDatabase;
  let key = '';
  before(async () => {
    database = await testDatabase();
    await migrate(database.url, { allowUnsafe: true });
    const owner = createDatabase({ url: database.url, applicationName: 'test' });
    ({ key } = await apiKeys.create(owner, {
      tenant: 'default',
      name: 'test',
      scopes: ['admin'],
    }));
    await owner.close();
  });
  after(() => database[Symbol.asyncDispose]());

  const spawnMain = (env: Record<string, string> = {}): Started => {
    const child = spawn(process.execPath, [MAIN], {
      env: { DATABASE_URL: database.url, HOST: '127.0.0.1', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let out = '';
    let err = '';
    child.stdout?.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (err += text.toString()));
    const exit = once(child, 'exit').then(([code]) => code as number | null);
    return { child, url: '', exit, out: () => out, err: () => err };
  };
  const start = async (env: Record<string, string> = {}): Promise<Started> => {
    const started = spawnMain(env);
    const [message] = (await Promise.race([
      once(started.child, 'message'),
      started.exit.then((code) => assert.fail(`ended with ${code}: ${started.err()}`)),
    ])) as [{ type: string; port: number }];
    assert.equal(message.type, 'ready');
    return { ...started, url: `http://127.0.0.1:${message.port}` };
  };
  const waiting = (url: string) =>
    ask(url, '/v1/runs', { key, json: { goal: 'x' }, headers: { prefer: 'wait=60' } });
  const runsOf = async (url: string): Promise<number> =>
    (await ask(url, '/v1/runs', { key })).json.items.length;

  test('tells its port, writes nothing but log lines, and stops in order at SIGTERM', async () => {
    const api = await start();
    const earlier = await runsOf(api.url);
    const held = waiting(api.url);
    while ((await runsOf(api.url)) === earlier);
    api.child.kill('SIGTERM');
    assert.equal((await held).status, 202, 'what was under way is answered');
    assert.equal(await api.exit, 0);
    const events = api
      .out()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    assert.equal(events[0], 'api.listening');
    assert.deepEqual(events.slice(-1), ['api.stopped']);
    assert.equal(api.err(), '');
  });

  test('stops when the launcher is gone', async () => {
    const api = await start();
    api.child.disconnect();
    assert.equal(await api.exit, 0);
  });

  test('cannot start without its schema, its port or its settings, and says why in one sentence', async () => {
    await using empty = await testDatabase();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const cases: [Record<string, string>, RegExp][] = [
      [{ DATABASE_URL: empty.url }, /lacks the migrations 0001/],
      [
        { PORT: port },
        new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: another program has it`),
      ],
      [{ PORT: 'x' }, /PORT/],
      [{ DATABASE_URL: 'postgres://nobody:hidden@127.0.0.1:1/x' }, /database/i],
    ];
    for (const [env, sentence] of cases) {
      const api = spawnMain(env);
      assert.equal(await api.exit, 1);
      assert.match(api.err(), sentence);
      assert.doesNotMatch(api.err(), /\n\s+at |hidden/);
    }
    taken.close();
  });
});
