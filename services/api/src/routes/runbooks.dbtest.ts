import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { libraryOf } from '@aos/runbooks';

import { ask, startTestApi, type TestApi } from '../api.fixture.ts';

describe('runbooks over HTTP', { concurrency: false }, () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const open = (path: string, accept?: string) =>
    ask(api.url, path, accept === undefined ? {} : { headers: { accept } });

  test('each is there for whoever is woken, without a key, as a page and as Markdown', async () => {
    const library = libraryOf();
    for (const name of library.names) {
      const html = await open(`/runbooks/${name}`, 'text/html');
      assert.equal(html.status, 200, name);
      assert.match(html.headers.get('content-type') ?? '', /^text\/html; charset=utf-8$/);
      const plain = await open(`/runbooks/${name}.md`, 'text/markdown');
      assert.equal(plain.text, library.page(name)?.text);
      assert.match(plain.headers.get('content-type') ?? '', /^text\/markdown/);
      assert.equal(plain.headers.get('vary'), 'Accept');
    }
    const index = await open('/runbooks');
    assert.match(index.text, /<a href="\/runbooks\/WorkerPoolDown">WorkerPoolDown<\/a>/);
  });

  test('its policy lets its own style in, and nothing else', async () => {
    const { text, headers } = await open('/runbooks/BackendDown');
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? '';
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none'; style-src 'sha256-/);
    assert.ok(policy.includes(`'sha256-${hash('sha256', style, 'base64')}'`));
    assert.doesNotMatch(policy, /unsafe|script-src|https?:/);
  });

  test('an unknown name, and a name that would lead out of the folder, is a problem', async () => {
    const names = [
      'Nothing',
      'workerpooldown',
      'README',
      'README.md',
      'WorkerPoolDown.md.md',
      '..%2Fpackage.json',
      '..%2F..%2Fetc%2Fpasswd',
      '%2e%2e%2fREADME',
      '.',
      '..%5cREADME',
      'WorkerPoolDown%00',
      '__proto__',
      'constructor',
    ];
    for (const name of names) {
      const told = await open(`/runbooks/${name}`);
      if (name === '.') continue; // Every client folds it away: it is the index.
      assert.ok([400, 404].includes(told.status), `${name}: ${told.status}`);
      assert.match(told.headers.get('content-type') ?? '', /^application\/problem\+json/);
    }
    assert.equal((await open('/runbooks/Nothing')).json.code, 'runbook_not_found');
    const refused = await ask(api.url, '/runbooks/BackendDown', { method: 'DELETE' });
    assert.equal(refused.status, 405);
  });
});
