import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ARTIFACT_BYTES_MAX } from '@aos/core';

import { logReport } from './log-report.ts';
import { systemReadFile } from './system-read-file.ts';
import { systemWriteFile } from './system-write-file.ts';
import { failureOf, memoryWorkspace, outputOf } from './testing.ts';

const workspace = memoryWorkspace();
const read = systemReadFile(workspace);
const write = systemWriteFile(workspace);

const ABC = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

test('text is written and read back', async () => {
  const kept = {
    name: 'a/notes.md',
    mediaType: 'text/markdown; charset=utf-8',
    bytes: 3,
    digest: ABC,
  };
  assert.deepEqual(await outputOf(write, { name: 'a/notes.md', content: 'abc' }), kept);
  assert.deepEqual(await outputOf(read, { name: 'a/notes.md' }), { ...kept, text: 'abc' });
  assert.deepEqual(await outputOf(read, { name: 'a/notes.md', encoding: 'base64' }), {
    ...kept,
    base64: 'YWJj',
  });
});

test('any other value is written as JSON', async () => {
  const written = await outputOf<{ mediaType: string }>(write, {
    name: 'data',
    content: { a: [1] },
  });
  assert.equal(written.mediaType, 'application/json');
  const { text } = await outputOf<{ text: string }>(read, { name: 'data' });
  assert.equal(text, '{\n  "a": [\n    1\n  ]\n}\n');
});

test('bytes are written from base64 and read back as such', async () => {
  const content = Buffer.of(0, 255, 1).toString('base64');
  const written = await outputOf<{ bytes: number; mediaType: string }>(write, {
    name: 'bytes',
    content,
    encoding: 'base64',
  });
  assert.deepEqual([written.bytes, written.mediaType], [3, 'application/octet-stream']);
  const back = await outputOf<{ base64?: string; text?: string }>(read, { name: 'bytes' });
  assert.deepEqual([back.base64, back.text], [content, undefined]);
  assert.match(
    await failureOf(read, { name: 'bytes', encoding: 'text' }),
    /^failed skill_input_invalid: .*base64/,
  );
});

test('what is no base64 is refused', async () => {
  for (const content of ['no base64!', 'YWJ', 7, { a: 1 }]) {
    const told = await failureOf(write, { name: 'x', content, encoding: 'base64' }).catch(
      () => 'ok',
    );
    assert.ok(content === 'YWJ' || told.startsWith('failed skill_input_invalid'), told);
  }
});

test('a media type cannot carry a second header', async () => {
  assert.match(
    await failureOf(write, { name: 'x', content: '', mediaType: 'text/html\r\nX: y' }),
    /^failed skill_input_invalid/,
  );
});

test('a missing file, and one that is too large, are told', async () => {
  assert.match(await failureOf(read, { name: 'nosuch.txt' }), /^failed file_not_found: .*nosuch/);
  assert.match(
    await failureOf(write, { name: 'big', content: 'x'.repeat(ARTIFACT_BYTES_MAX + 1) }),
    /^failed quota_exceeded/,
  );
  await outputOf(write, { name: 'large', content: 'x'.repeat(ARTIFACT_BYTES_MAX) });
  assert.match(await failureOf(read, { name: 'large' }), /^failed output_too_large/);
});

const hostile = [
  '../x',
  '..\\x',
  '/etc/passwd',
  'd/../../x',
  '%2e%2e%2f',
  '%252e%252e/',
  '....//',
  'd\0/../x',
  'file:///etc/passwd',
  '．．/x',
  'CON',
  'nul',
  'out/aux.txt',
  'com1.md',
  'a\nb',
  '~/.ssh',
  '/ws-evil',
  '/proc/self/environ',
  '/proc/self/fd/3',
  '{a,../../etc}/**',
  'a'.repeat(4096),
  'e\u0301.txt',
  '\u00e9.txt',
  '',
  '.',
  '..',
  './x',
  'a/./b',
  'a/../b',
  'a//b',
  'a/',
  '.hidden',
  'a/.hidden',
  'C:\\x',
  'a b',
  'a:b',
  '-rf',
  'a/b/c/d/e/f/g/h/i',
  'x\u202etxt.exe',
];
for (const name of hostile) {
  test(`the name ${JSON.stringify(name.slice(0, 40))} is refused by every skill`, async () => {
    const report = { title: 't', sections: [{ heading: 'h', content: 'c' }] };
    assert.match(await failureOf(read, { name }), /^failed path_refused: /);
    assert.match(await failureOf(write, { name, content: 'x' }), /^failed path_refused: /);
    assert.match(
      await failureOf(logReport(workspace), { ...report, name }),
      /^failed path_refused: /,
    );
  });
}
