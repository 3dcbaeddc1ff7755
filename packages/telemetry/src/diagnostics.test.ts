import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const index = new URL('./index.ts', import.meta.url).href;
const program = `
  import { answerSignals, createLogger } from ${JSON.stringify(index)};
  answerSignals(createLogger({ service: 'worker', level: 'info' }));
  setInterval(() => {}, 1_000);
  console.log(JSON.stringify({ event: 'up' }));`;

test('SIGUSR2 writes a report without the environment, SIGHUP ends nothing', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env['PATH'], SECRET: 'canary-3f9a' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () =>
    JSON.parse(String((await lines.next()).value)) as { event: string; file?: string };
  assert.equal((await next()).event, 'up');
  child.kill('SIGHUP');
  assert.equal((await next()).event, 'process.hangup_ignored');
  child.kill('SIGUSR2');
  const { event, file } = await next();
  assert.equal(event, 'process.report_written');
  const path = String(file);
  const report = readFileSync(path, 'utf8');
  rmSync(path);
  assert.match(report, /javascriptStack/);
  assert.doesNotMatch(report, /canary-3f9a/);
  child.kill('SIGKILL');
  await once(child, 'exit');
});
