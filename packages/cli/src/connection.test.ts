import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { temporaryFolder } from './aos.fixture.ts';
import { apiKeyOf, urlOf } from './connection.ts';
import { settingsOf } from './settings.ts';

test('the address comes from the option, the environment, the local stack, or is the default', () => {
  using home = temporaryFolder();
  const settings = (environment = {}) => settingsOf(environment, home.path);
  assert.equal(urlOf(settings(), {}), 'http://127.0.0.1:8080');
  writeFileSync(join(home.path, 'url'), 'http://127.0.0.1:9090/\n');
  assert.equal(urlOf(settings(), {}), 'http://127.0.0.1:9090');
  assert.equal(urlOf(settings({ AOS_URL: 'https://a.test/aos/' }), {}), 'https://a.test/aos');
  assert.equal(
    urlOf(settings({ AOS_URL: 'https://a.test' }), { url: 'http://b.test' }),
    'http://b.test',
  );
});

test('an address that is none, or holds a password, is refused without being repeated', () => {
  const settings = settingsOf({}, '/nowhere');
  for (const url of ['localhost:8080', 'ftp://x.test', 'not an address']) {
    assert.throws(() => urlOf(settings, { url }), { exitCode: 3 });
  }
  assert.throws(
    () => urlOf(settings, { url: 'http://me:hunter2@x.test' }),
    (error: Error) => !error.message.includes('hunter2'),
  );
});

test('the key comes from --key-file, the environment, its file, or the local stack, in this order', () => {
  using home = temporaryFolder();
  const write = (name: string) => writeFileSync(join(home.path, name), `key-of-${name}\n`);
  const keyOf = (environment = {}, options = {}) =>
    apiKeyOf(settingsOf(environment, home.path), options, home.path);
  assert.throws(() => keyOf(), /There is no API key.*npm start/);
  for (const name of ['api-key', 'one', 'two']) write(name);
  assert.equal(keyOf(), 'key-of-api-key');
  assert.equal(keyOf({ AOS_API_KEY: '', AOS_API_KEY_FILE: 'two' }), 'key-of-two');
  assert.equal(keyOf({ AOS_API_KEY: 'direct', AOS_API_KEY_FILE: 'two' }), 'direct');
  assert.equal(keyOf({ AOS_API_KEY: 'direct' }, { keyFile: 'one' }), 'key-of-one');
  assert.throws(() => keyOf({ AOS_API_KEY_FILE: 'none' }), /AOS_API_KEY_FILE names .*none/);
});

test('a key that cannot be one is refused without being shown', () => {
  for (const key of ['two words', 'sécret', 'a\nb']) {
    assert.throws(
      () => apiKeyOf(settingsOf({ AOS_API_KEY: key }, '/nowhere'), {}, '/'),
      (error: Error) => /AOS_API_KEY is none/.test(error.message) && !error.message.includes(key),
    );
  }
});
