import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConnectTo } from './connect-to.ts';

test('a host without a port takes every port; one with a port goes first', () => {
  const to = parseConnectTo({ 'Google.com': '127.0.0.1:4711', 'google.com:8080': 'other.example' });
  assert.deepEqual(to('google.com', 80), { host: '127.0.0.1', port: 4711 });
  assert.deepEqual(to('google.com', 443), { host: '127.0.0.1', port: 4711 });
  assert.deepEqual(to('google.com', 8080), { host: 'other.example', port: 8080 });
  assert.deepEqual(to('www.google.com', 80), { host: 'www.google.com', port: 80 });
});

test('a side that is no host is refused by name', () => {
  assert.throws(() => parseConnectTo({ 'a b': 'c' }), /"a b=c"/);
  assert.throws(() => parseConnectTo({ a: 'http://c' }), /"a=http:\/\/c"/);
  assert.throws(() => parseConnectTo({ a: '' }), /"a="/);
});
