import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { cpuSeconds, residentMb } from './processes.ts';

const linux = { skip: process.platform === 'linux' ? false : 'it reads /proc' };
const BUSY =
  'const used = () => { const { user, system } = process.cpuUsage(); return user + system; };' +
  'const end = used() + 3e5; while (used() < end);';

test('the time of a process counts, and that of its children, living and dead', linux, async () => {
  // A parent that idles, with one child that worked and ended, and one that worked and lives.
  const program = `
    const { spawn, spawnSync } = require('node:child_process');
    spawnSync(process.execPath, ['-e', ${JSON.stringify(BUSY)}]);
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(`${BUSY} console.log(1); setInterval(() => {}, 1000);`)}]);
    child.stdout.once('data', () => console.log('ready'));
    process.on('SIGTERM', () => { child.kill('SIGKILL'); process.exit(0); });`;
  const parent = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(parent.stdout, 'data');
    assert.ok(cpuSeconds(parent.pid ?? 0) >= 0.6);
    assert.ok(residentMb(parent.pid ?? 0) > 10);
  } finally {
    parent.kill('SIGTERM');
    await once(parent, 'exit');
  }
  assert.equal(cpuSeconds(parent.pid ?? 0), 0);
  assert.equal(residentMb(parent.pid ?? 0), 0);
});
