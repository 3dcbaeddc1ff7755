import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseAddress } from './address.ts';
import { parseAllowedHosts } from './allowed-hosts.ts';

function opens(entries: string[], host: string, address: string, port: number): boolean {
  const parsed = parseAddress(address);
  assert.ok(parsed);
  return parseAllowedHosts(entries)({ host, address: parsed, port });
}

test('an empty list opens nothing', () => {
  assert.equal(opens([], 'localhost', '127.0.0.1', 80), false);
});

test('a name opens whatever it resolves to, on every port', () => {
  assert.equal(opens(['Db.Internal'], 'db.internal', '10.1.2.3', 5432), true);
  assert.equal(opens(['db.internal'], 'db.internal.evil.example', '10.1.2.3', 5432), false);
});

test('an entry with a port opens that port alone', () => {
  assert.equal(opens(['127.0.0.1:4711'], '127.0.0.1', '127.0.0.1', 4711), true);
  assert.equal(opens(['127.0.0.1:4711'], '127.0.0.1', '127.0.0.1', 4712), false);
  assert.equal(opens(['[::1]:8080'], '::1', '::1', 8080), true);
  assert.equal(opens(['[::1]:8080'], '::1', '::1', 80), false);
  assert.equal(opens(['::1'], '::1', '::1', 80), true);
  assert.equal(opens(['web:81'], 'web', '10.0.0.1', 80), false);
});

test('an address opens under any name, and in its mapped form', () => {
  assert.equal(opens(['127.0.0.1'], 'localhost', '127.0.0.1', 80), true);
  assert.equal(opens(['127.0.0.1'], 'x', '::ffff:127.0.0.1', 80), true);
  assert.equal(opens(['::1'], 'x', '127.0.0.1', 80), false);
});

test('a network opens its addresses and no others', () => {
  assert.equal(opens(['10.0.0.0/8'], 'x', '10.255.0.1', 9000), true);
  assert.equal(opens(['10.0.0.0/8'], 'x', '11.0.0.1', 9000), false);
  assert.equal(opens(['10.0.0.0/8'], 'x', '::1', 9000), false);
  assert.equal(opens(['fd00::/8'], 'x', 'fd12::1', 9000), true);
});

test('the metadata service opens only to its exact address', () => {
  assert.equal(opens(['169.254.0.0/16'], 'x', '169.254.169.254', 80), false);
  assert.equal(opens(['0.0.0.0/0'], 'x', '169.254.169.254', 80), false);
  assert.equal(
    opens(['metadata.google.internal'], 'metadata.google.internal', '169.254.169.254', 80),
    false,
  );
  assert.equal(opens(['169.254.169.254'], 'x', '169.254.169.254', 80), true);
  assert.equal(opens(['169.254.169.254/32'], 'x', '169.254.169.254', 80), true);
});

for (const entry of [
  '',
  ' ',
  'a b',
  'http://x',
  'x:0',
  'x:65536',
  'x:y',
  '10.0.0.0/33',
  '10.0.0/8x',
  '[::1',
  '[x]:1',
  '*',
  '*.x',
  'a,b',
  'user@x',
  '::1:zz',
]) {
  test(`the entry ${JSON.stringify(entry)} is refused by name`, () => {
    assert.throws(
      () => parseAllowedHosts(['ok', entry]),
      (error: Error) => {
        return error.message.includes(JSON.stringify(entry));
      },
    );
  });
}
