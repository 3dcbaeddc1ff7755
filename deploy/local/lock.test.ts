import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { startOf, takeLock } from './lock.mjs';

test('a lock is taken once, and again after its release', (t) => {
  const file = lockFile(t);
  const first = takeLock(file);
  assert.ok(first.taken);
  assert.deepEqual(takeLock(file), { taken: false, pid: process.pid });
  first.release();
  assert.equal(existsSync(file), false);
  assert.ok(takeLock(file).taken);
});

test('the lock of a process that is gone, or whose number was given to another, is taken over', (t) => {
  const file = lockFile(t);
  for (const stale of ['999999999 1', `${process.pid} another start`, `${process.pid}`, '', 'x']) {
    writeFileSync(file, stale);
    const lock = takeLock(file);
    assert.ok(lock.taken, stale);
    assert.equal(readFileSync(file, 'utf8'), `${process.pid} ${startOf(process.pid)}`);
    lock.release();
  }
  assert.deepEqual(readdirSync(join(file, '..')), []);
});

test('a release takes away only its own lock', (t) => {
  const file = lockFile(t);
  const lock = takeLock(file);
  assert.ok(lock.taken);
  writeFileSync(file, 'of somebody else');
  lock.release();
  assert.ok(existsSync(file));
});

test('of many processes that want a stale lock at once, one at a time has it', async (t) => {
  const file = lockFile(t);
  writeFileSync(file, '999999999 1');
  // Each holds the lock while it appends two lines; lines of two holders would be interleaved.
  const program = `
    import { appendFileSync } from 'node:fs';
    import { takeLock } from ${JSON.stringify(new URL('lock.mjs', import.meta.url).href)};
    for (let taken = 0; taken < 10; ) {
      const lock = takeLock(${JSON.stringify(file)});
      if (!lock.taken) { await new Promise((resolve) => setTimeout(resolve, 1)); continue; }
      taken++;
      appendFileSync(${JSON.stringify(`${file}.log`)}, process.pid + '\\n');
      await new Promise((resolve) => setTimeout(resolve, 1));
      appendFileSync(${JSON.stringify(`${file}.log`)}, process.pid + '\\n');
      lock.release();
    }`;
  const processes = Array.from({ length: 5 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(processes.map((child) => once(child, 'exit')));
  assert.deepEqual(
    codes,
    processes.map(() => [0, null]),
  );
  const lines = readFileSync(`${file}.log`, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, 100);
  for (let i = 0; i < lines.length; i += 2) assert.equal(lines[i], lines[i + 1]);
});

test('a process that does not live has no start', () => {
  assert.equal(startOf(999_999_999), '');
  assert.notEqual(startOf(process.pid), '');
});

function lockFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'aos-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'lock');
}
