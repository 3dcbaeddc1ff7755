import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { apiKeys } from '@aos/store';
import { startPageServer, type PageServer } from '@aos/testing';

import { startStack, type Stack } from './stack.ts';

const folder = fileURLToPath(new URL('../deploy/scripts/', import.meta.url));
const scripts = ['list-failed.sh', 'rerun.sh'];
const STRANGER = 'run_01900000-0000-7000-8000-000000000000';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the scripts of the operator, on a real API', () => {
  let pages: PageServer;
  let stack: Stack;
  let home = '';
  let ids: string[] = [];
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'aos-scripts-'));
    pages = await startPageServer({ '/good': 'good' });
    stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
    ids = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const step = {
          key: 'get',
          skill: 'http_request',
          input: { url: `${pages.url}/\${input.path}` },
          retry: { attempts: 1 },
        };
        const { id } = await stack.client.runs.create(
          {
            goal: 'Read "it"',
            tags: ['page'],
            input: { path: 'none' },
            plan: { version: 1, steps: [step] },
          },
          { waitS: 60 },
        );
        return id;
      }),
    );
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await pages[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });

  const run = (
    script: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = { AOS_API_KEY: stack.key },
  ): Promise<Ended> =>
    new Promise((resolve) => {
      const child = spawn('sh', [folder + script, ...args], {
        env: { PATH: '/usr/bin:/bin', AOS_URL: stack.url, ...env },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.on('close', (code) => resolve({ code, out, err }));
    });

  test('the shell finds no fault in them, nor does shellcheck where it is installed', () => {
    const files = [...scripts, 'api.sh'].map((name) => folder + name);
    for (const file of files) {
      const { status, stderr } = spawnSync('sh', ['-n', file], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    }
    const checked = spawnSync('shellcheck', ['-x', '-P', folder, ...files], { encoding: 'utf8' });
    if (!checked.error) assert.equal(checked.status, 0, checked.stdout);
  });

  test('failed runs are a table, or the answer as it is', async () => {
    const table = await run('list-failed.sh', ['--since', '1h', '--code', 'target_refused']);
    assert.equal(table.code, 0, table.err);
    const [head, ...rows] = table.out.trim().split('\n');
    assert.match(head ?? '', /^RUN +STATE +CODE +STEP +FAILED +FAILURE$/);
    assert.equal(rows.length, 3);
    for (const row of rows) {
      assert.match(row, /^run_[0-9a-f-]{36} +open +target_refused +get +\d{4}-.*Z {2}\S.*404/);
    }
    const limited = await run('list-failed.sh', ['--json', '--limit', '2']);
    const { items, nextCursor } = JSON.parse(limited.out);
    assert.equal(items.length, 2);
    assert.ok(ids.includes(items[0].runId) && nextCursor);
    assert.match((await run('list-failed.sh', ['--limit', '1'])).out, /There are more/);
    const none = await run('list-failed.sh', ['--state', 'redriven']);
    assert.equal(none.out.trim().split('\n').length, 1);
    assert.equal((await run('list-failed.sh', ['--since', '2020-01-01'])).code, 0);
  });

  test('the key may come from a file, and is seen by nobody', async () => {
    const file = join(home, 'key');
    writeFileSync(file, `${stack.key}\n`);
    const told = await run('list-failed.sh', ['--json'], { AOS_API_KEY_FILE: file });
    assert.equal(told.code, 0, told.err);
    const wrong = stack.key.slice(0, -4).concat('AAAA');
    const refused = await run('list-failed.sh', [], { AOS_API_KEY: wrong });
    assert.equal(refused.code, 3);
    assert.match(refused.err, /^The API refuses \(401 unauthenticated\): /);
    assert.ok(!refused.err.includes(wrong));
    for (const [env, said] of [
      [{}, /^There is no API key/],
      [{ AOS_API_KEY_FILE: join(home, 'none') }, /cannot be read/],
      [{ AOS_API_KEY: 'a"b\nurl = "http://evil"' }, /characters that no key has/],
    ] as const) {
      const without = await run('list-failed.sh', [], env);
      assert.equal(without.code, 3);
      assert.match(without.err, said);
    }
    const { key } = await apiKeys.create(stack.database, {
      tenant: 'default',
      name: 'viewer',
      scopes: ['runs:read'],
    });
    const viewer = await run('rerun.sh', ['--mode', 'replay', '--reason', 'x', STRANGER], {
      AOS_API_KEY: key,
    });
    assert.equal(viewer.code, 3);
    assert.match(viewer.err, /403 forbidden/);
  });

  test('a dry run changes nothing; the same key makes one operation; the runs succeed', async () => {
    const why = ['--mode', 'retry', '--reason', 'It is "back"\\.'];
    const dry = await run('rerun.sh', [...why, '--tag', 'page', '--dry-run']);
    assert.deepEqual([dry.code, dry.out], [0, '3 runs. Nothing has been done.\n']);
    assert.deepEqual((await stack.client.operations.list()).items, []);
    const patch = join(home, 'patch.json');
    writeFileSync(
      patch,
      JSON.stringify([{ op: 'replace', path: '/input/path', value: 'good' }], null, 2),
    );
    const words = [...why, '--error', 'target_refused', '--outcome', 'failed', '--rate', '50'];
    const once = [...words, '--patch', patch, '--idempotency-key', 'mend-1', '--wait'];
    const [first, second] = await Promise.all([run('rerun.sh', once), run('rerun.sh', once)]);
    assert.equal(first?.code, 0, first?.err);
    assert.match(first?.out ?? '', /^op_[0-9a-f-]{36} done, 3 runs\n$/);
    assert.equal(second?.out, first?.out);
    const { items } = await stack.client.runs.list({ origin: ids[0] ?? '' });
    assert.equal(items.length, 1);
    assert.equal(items[0]?.outcome, 'succeeded');
    assert.equal(items[0]?.origin?.reason, 'It is "back"\\.');
    const json = await run('rerun.sh', ['--mode', 'replay', '--reason', 'x', '--json', ...ids]);
    assert.equal(JSON.parse(json.out).total, 3);
  });

  const wrong: [string, string[], number, RegExp][] = [
    ['rerun.sh', [], 2, /--mode is missing/],
    ['rerun.sh', ['--mode', 'retry'], 2, /--reason is missing/],
    ['rerun.sh', ['--mode', 'retry', '--reason', 'x'], 2, /say which runs/],
    ['rerun.sh', ['--mode', 'retry', '--reason', 'x', '--tag', 'a', STRANGER], 2, /not both/],
    ['rerun.sh', ['--mode', 'retry', '--reason', 'x', STRANGER], 2, /404 run_not_found/],
    ['rerun.sh', ['--mode', 'retry', '--reason', 'x', 'run_1'], 2, /422 invalid_request/],
    ['rerun.sh', ['--mode', 'again', '--reason', 'x', STRANGER], 2, /422 invalid_request/],
    ['rerun.sh', ['--mode', 'retry', '--reason', 'x', '--rate', 'fast', 'a'], 2, /needs a number/],
    [
      'rerun.sh',
      ['--mode', 'retry', '--reason', 'x', '--patch', '/none', 'a'],
      2,
      /cannot be read/,
    ],
    ['rerun.sh', ['--bogus'], 2, /unknown option: --bogus/],
    ['rerun.sh', ['--mode'], 2, /--mode needs a value/],
    ['list-failed.sh', ['--limit', 'x'], 2, /--limit needs a whole number/],
    ['list-failed.sh', ['--limit', '201'], 2, /from 1 to 200/],
    ['list-failed.sh', ['--since', 'soon'], 2, /422 invalid_request/],
    ['list-failed.sh', ['--code', 'a&b=c'], 2, /422 invalid_request/],
  ];
  for (const [script, args, code, said] of wrong) {
    test(`${script} ${args.join(' ')} ends with ${code} and says why`, async () => {
      const ended = await run(script, args);
      assert.match(ended.err, said);
      assert.deepEqual([ended.code, ended.out], [code, '']);
    });
  }

  test('help is help; an API that is not there is said so, and 3', async () => {
    for (const script of scripts) {
      const help = await run(script, ['--help'], {});
      assert.equal(help.code, 0);
      assert.match(help.out, /Exit codes: /);
      assert.doesNotMatch(help.out, /set -eu/);
      const args = script === 'rerun.sh' ? ['--mode', 'retry', '--reason', 'x', STRANGER] : [];
      const env = { AOS_API_KEY: stack.key, AOS_URL: 'http://127.0.0.1:1' };
      const nobody = await run(script, args, env);
      assert.equal(nobody.code, 3);
      assert.match(nobody.err, /^The API at http:\/\/127\.0\.0\.1:1 cannot be reached: /);
      const other = await run(script, args, { ...env, AOS_URL: pages.url });
      assert.equal(other.code, 2);
      assert.match(other.err, /this is not the API of AOS/);
    }
  });
});
