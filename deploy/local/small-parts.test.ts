import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { parseArguments } from './arguments.ts';
import { serviceEnvironment } from './environment.ts';
import { assertPortFree, freePort } from './port.ts';
import { printable } from './printable.ts';
import { createRestartPolicy } from './restart-policy.ts';
import { parseTestArguments } from './test-arguments.ts';

test('restarts wait longer each time, and end after five in a minute', () => {
  let now = 0;
  const policy = createRestartPolicy(250, () => now);
  const waits = Array.from({ length: 6 }, () => policy.nextWaitMs());
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, undefined]);
  now = 60_001;
  assert.equal(policy.nextWaitMs(), 250);
});

test('a port in use is told before anything starts', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await assert.rejects(
    assertPortFree('127.0.0.1', port),
    /^AosError: Port \d+ on 127\.0\.0\.1 is in use/,
  );
  server.close();
  await assertPortFree('127.0.0.1', await freePort());
});

test('a service inherits the settings it needs, and no other secret', () => {
  const given = {
    PATH: '/bin',
    ANTHROPIC_API_KEY: 'k',
    AOS_CONNECT_TO: 'a=b',
    AWS_SECRET_ACCESS_KEY: 'x',
    DATABASE_URL: 'postgres://superuser',
    AOS_QUERY_CONNECTIONS: '{}',
    NODE_OPTIONS: '--inspect',
    LOG_LEVEL: '',
  };
  const own = { DATABASE_URL: 'postgres://aos_api' };
  assert.deepEqual(serviceEnvironment('api', given, own), {
    PATH: '/bin',
    ANTHROPIC_API_KEY: 'k',
    ...own,
  });
  assert.deepEqual(serviceEnvironment('worker', given, own), {
    PATH: '/bin',
    ANTHROPIC_API_KEY: 'k',
    AOS_CONNECT_TO: 'a=b',
    AOS_QUERY_CONNECTIONS: '{}',
    ...own,
  });
});

test('text of a page cannot drive the terminal', () => {
  assert.equal(
    printable('a\u001b[2Jb\u009bc\u202ed\r\ne\tf'),
    'a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFD\ne f',
  );
});

test('wrong arguments are refused', () => {
  assert.deepEqual(parseArguments([]), { welcome: true, help: false });
  assert.equal(parseArguments(['--once', 'a goal']).once, 'a goal');
  for (const wrong of [['--once'], ['--once', ' '], ['--twice'], ['goal']]) {
    assert.throws(() => parseArguments(wrong), TypeError, wrong.join(' '));
  }
  assert.throws(() => parseTestArguments(['--only', 'nothing']), /There is no group nothing/);
});

test('a filter of tests leaves out what is checked as a whole', () => {
  assert.deepEqual(parseTestArguments([]).only, ['static', 'unit', 'sim', 'db', 'e2e']);
  assert.deepEqual(parseTestArguments(['store']).only, ['unit', 'sim', 'db', 'e2e']);
  assert.deepEqual(parseTestArguments(['--only', 'unit,db']).only, ['unit', 'db']);
});
