import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const watchdog = new URL('./watchdog.ts', import.meta.url).href;

function start(script: string) {
  const program = `import { startWatchdog } from ${JSON.stringify(watchdog)}; startWatchdog(); ${script}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' });
}

test('a process whose main loop is stuck is ended, and says why', async () => {
  const child = start('setTimeout(() => { for (;;); }, 300);');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  assert.match(said, /worker\.stuck/);
});

test('a process that was frozen as a whole is spared', async () => {
  const child = start('setTimeout(() => process.exit(7), 6_500);');
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  child.kill('SIGCONT');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 7);
});
