import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AosError } from '@aos/core';

import { startOf } from './lock.mjs';
import { startService, type ServiceOptions } from './service.ts';

const READY = `process.send({ type: 'ready', port: 4711 });`;
const STAY = `setInterval(() => {}, 1000);`;

test('a service is there when it says so, and ends when it is told to', async (t) => {
  const it = setting(t, `${READY} process.on('SIGTERM', () => process.exit(0)); ${STAY}`);
  const service = await startService(it.options);
  assert.equal(service.port, 4711);
  const pid = it.pids()[0] ?? 0;
  assert.notEqual(startOf(pid), '');
  await service.stop(10_000);
  assert.equal(startOf(pid), '');
});

test('a service gets its own environment and nothing else', async (t) => {
  const it = setting(
    t,
    `${READY} console.log('env ' + Object.keys(process.env).toSorted()); ${STAY}`,
  );
  const service = await startService(it.options);
  await it.eventually(() => it.log().includes('env '));
  await service.stop(10_000);
  assert.match(it.log(), /^env MARK$/m);
});

test('a service that ends before it is ready is told with the end of its log', async (t) => {
  const it = setting(t, `console.error('Port 1 is in use.'); process.exit(1);`);
  await assert.rejects(startService(it.options), {
    name: 'AosError',
    message:
      /^The api ended at its start\. Its log is .*api\.log, which ends:\nPort 1 is in use\.$/,
  });
  await sleep(100);
  assert.equal(it.pids().length, 1);
});

test('a service that never becomes ready is ended', async (t) => {
  const it = setting(t, STAY);
  await assert.rejects(
    startService({ ...it.options, startTimeoutMs: 500 }),
    /was not ready in 500 ms/,
  );
  assert.equal(startOf(it.pids()[0] ?? 0), '');
});

test('a service that dies is started again', async (t) => {
  const it = setting(t, `${READY} ${STAY}`);
  const service = await startService(it.options);
  process.kill(it.pids()[0] ?? 0, 'SIGKILL');
  await it.eventually(() => it.pids().length === 2);
  assert.deepEqual(it.restarts, ['api']);
  await service.stop(10_000);
  assert.equal(startOf(it.pids()[1] ?? 0), '');
});

test('a service that keeps dying is given up after five restarts', async (t) => {
  const it = setting(t, `${READY} setTimeout(() => process.exit(3), 20);`);
  const service = await startService(it.options);
  await it.eventually(() => it.givenUp.length > 0);
  assert.match(it.givenUp[0]?.message ?? '', /^The api keeps ending\. Its log is/);
  assert.equal(it.pids().length, 6);
  await service.stop(0);
});

test('what does not end in time is ended, with all it started', async (t) => {
  const it = setting(
    t,
    `import { spawn } from 'node:child_process';
     process.on('SIGTERM', () => {});
     const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
     console.log('child ' + child.pid);
     child.on('spawn', () => { ${READY} }); ${STAY}`,
  );
  const service = await startService(it.options);
  await it.eventually(() => /child \d+/.test(it.log()));
  const child = Number(/child (\d+)/.exec(it.log())?.[1]);
  await service.stop(200);
  assert.equal(startOf(it.pids()[0] ?? 0), '');
  await it.eventually(() => startOf(child) === '');
});

test('the logs of the last five starts are kept', async (t) => {
  const it = setting(t, `console.log('start ' + process.pid); ${READY} ${STAY}`);
  for (let start = 0; start < 7; start++) {
    const service = await startService(it.options);
    await it.eventually(() => it.log().includes('start'));
    await service.stop(0);
  }
  assert.deepEqual(readdirSync(it.logs).toSorted(), [
    'api.log',
    'api.log.1',
    'api.log.2',
    'api.log.3',
    'api.log.4',
  ]);
  assert.match(it.log(), new RegExp(`start ${it.pids()[6]}`));
});

interface Setting {
  readonly options: ServiceOptions;
  readonly logs: string;
  readonly restarts: string[];
  readonly givenUp: AosError[];
  readonly log: () => string;
  /** Of every start so far. */
  readonly pids: () => number[];
  readonly eventually: (fact: () => boolean) => Promise<void>;
}

function setting(t: TestContext, source: string): Setting {
  const dir = mkdtempSync(join(tmpdir(), 'aos-service-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const program = join(dir, 'program.mjs');
  const mark = join(dir, 'pids');
  writeFileSync(
    program,
    `import { appendFileSync } from 'node:fs';
     appendFileSync(process.env.MARK, process.pid + '\\n');
     ${source}`,
  );
  const restarts: string[] = [];
  const givenUp: AosError[] = [];
  const logs = join(dir, 'logs');
  const logFile = join(logs, 'api.log');
  return {
    logs,
    restarts,
    givenUp,
    options: {
      name: 'api',
      program,
      env: { MARK: mark },
      logFile,
      backoffMs: 1,
      onGivenUp: (reason) => givenUp.push(reason),
      onRestart: (name) => restarts.push(name),
    },
    log: () => readFileSync(logFile, 'utf8'),
    pids: () =>
      existsSync(mark) ? readFileSync(mark, 'utf8').trimEnd().split('\n').map(Number) : [],
    async eventually(fact) {
      for (const until = Date.now() + 20_000; !fact(); await sleep(10)) {
        if (Date.now() > until) throw new Error('It did not happen.');
      }
    },
  };
}
