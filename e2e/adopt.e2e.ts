import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { migrate } from '@aos/store';
import { testDatabase } from '@aos/testing';

const aos = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const call = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const given = { env: { PATH: process.env['PATH'] ?? '', ...env } };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [aos, 'adopt', ...args], given);
    return { code: 0, told: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, told: stderr };
  }
};

test('aos adopt begins a new incarnation of a restored database, and says what is missing', async () => {
  await using database = await testDatabase();
  const env = { DATABASE_URL: database.url };
  const early = await call(['--reason', 'restored'], env);
  assert.equal(early.code, 2);
  assert.match(early.told, /lacks the migrations/);
  await migrate(database.url, { allowUnsafe: true });
  const adopted = await call(['--reason', 'restored from last night'], env);
  assert.deepEqual([adopted.code, /incarnation 2/.test(adopted.told)], [0, true], adopted.told);
  assert.match((await call(['--reason', ' '], env)).told, /--reason/);
  assert.match((await call(['--reason', 'x'], {})).told, /DATABASE_URL/);
});
