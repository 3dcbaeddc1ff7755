import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { temporaryFolder } from './aos.fixture.ts';
import { saveFile, saveInFolder } from './save-file.ts';

const content = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test('a file is written byte for byte below the folder', () => {
  using folder = temporaryFolder();
  const file = saveInFolder(folder.path, 'a/b/c.bin', content, false);
  assert.deepEqual(new Uint8Array(readFileSync(file)), content);
});

test('a file that is there is kept, and overwritten only by force', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'x.txt');
  writeFileSync(file, 'mine');
  assert.throws(
    () => saveInFolder(folder.path, 'x.txt', content, false),
    /exists already.*--force/,
  );
  assert.throws(() => saveFile(folder.path, 'x.txt', 'n', content, false), { exitCode: 2 });
  assert.equal(readFileSync(file, 'utf8'), 'mine');
  saveInFolder(folder.path, 'x.txt', content, true);
  assert.equal(readFileSync(file).length, 256);
  assert.deepEqual(readdirSync(folder.path), ['x.txt']);
});

test('neither dots nor links lead out of the folder', () => {
  using folder = temporaryFolder();
  using outside = temporaryFolder();
  symlinkSync(outside.path, join(folder.path, 'way'));
  symlinkSync(join(outside.path, 'file'), join(folder.path, 'link'));
  for (const name of ['../x', '/tmp/x', 'way/x', 'way/deep/x', 'link']) {
    assert.throws(() => saveInFolder(folder.path, name, content, true), /lead out/, name);
  }
  assert.deepEqual(readdirSync(outside.path), []);
});

test('the user names a file, a folder, or a device', () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'sub'));
  assert.equal(
    saveFile(folder.path, 'sub', 'out/n.md', content, false),
    join(folder.path, 'sub/out/n.md'),
  );
  saveFile(folder.path, '/dev/null', 'n', content, true);
  assert.ok(existsSync('/dev/null'));
  assert.throws(() => saveFile(folder.path, 'none/x', 'n', content, false), /ENOENT/);
});
