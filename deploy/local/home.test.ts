import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { openHome } from './home.ts';

test('a home is made for its owner alone, and so is what is kept in it', (t) => {
  const home = openHome(join(folder(t), 'deep', 'home'));
  home.write('api-key', 'secret');
  assert.equal(statSync(home.dir).mode & 0o777, 0o700);
  assert.equal(statSync(home.path('api-key')).mode & 0o777, 0o600);
  assert.equal(home.read('api-key'), 'secret');
  assert.equal(home.read('missing'), undefined);
  home.release();
  assert.deepEqual(readdirSync(home.dir), ['api-key']);
});

test('a home is used by one launcher at a time', (t) => {
  const dir = folder(t);
  const home = openHome(dir);
  assert.throws(() => openHome(dir), /AOS runs already in .* \(process \d+\)/);
  home.release();
  openHome(dir).release();
});

test('a folder that cannot be made is told in one sentence', (t) => {
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  assert.throws(() => openHome(join(file, 'home')), {
    name: 'AosError',
    message: /^The folder .* cannot be written \(ENOTDIR\)/,
  });
});

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'aos-home-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}
