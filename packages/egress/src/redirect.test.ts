import assert from 'node:assert/strict';
import { test } from 'node:test';

import { follow, type Hop } from './redirect.ts';

const hop = (given: Partial<Hop> & { at?: string } = {}): Hop => ({
  url: new URL(given.at ?? 'https://a.example/x?y=1'),
  method: 'GET',
  headers: {},
  body: undefined,
  ...given,
});

test('an answer without a redirect status or a location is final', () => {
  for (const status of [200, 300, 304, 305, 306, 404]) {
    assert.equal(follow(hop(), status, '/y'), undefined);
  }
  assert.equal(follow(hop(), 302, undefined), undefined);
});

test('the method changes as in fetch', () => {
  const body = Buffer.from('x');
  const after = (method: string, status: number): string => {
    const next = follow(hop({ method, body }), status, '/y');
    return `${next?.method} ${next?.body?.toString()}`;
  };
  assert.equal(after('POST', 301), 'GET undefined');
  assert.equal(after('POST', 302), 'GET undefined');
  assert.equal(after('POST', 303), 'GET undefined');
  assert.equal(after('PUT', 303), 'GET undefined');
  assert.equal(after('HEAD', 303), 'HEAD x');
  assert.equal(after('PUT', 301), 'PUT x');
  assert.equal(after('POST', 307), 'POST x');
  assert.equal(after('POST', 308), 'POST x');
});

test('headers that describe the body go with it', () => {
  const next = follow(
    hop({ method: 'POST', headers: { 'content-type': 'a/b', accept: 'c/d' }, body: Buffer.of(1) }),
    303,
    '/y',
  );
  assert.deepEqual(next?.headers, { accept: 'c/d' });
});

test('only harmless headers cross to another origin', () => {
  const headers = {
    authorization: 'Bearer s',
    cookie: 's=1',
    'x-api-key': 's',
    'x-anything': 's',
    accept: 'a/b',
    'idempotency-key': 'k',
  };
  for (const location of ['https://b.example/', 'https://a.example:8443/', '//b.example/x']) {
    assert.deepEqual(follow(hop({ headers }), 307, location)?.headers, {
      accept: 'a/b',
      'idempotency-key': 'k',
    });
  }
  assert.deepEqual(follow(hop({ headers }), 307, '/z')?.headers, headers);
  const up = follow(hop({ at: 'http://a.example/', headers }), 301, 'https://a.example/');
  assert.equal(up?.headers['authorization'], undefined);
});

test('a step down to plain http is refused', () => {
  assert.throws(() => follow(hop(), 302, 'http://a.example/'), { code: 'target_refused' });
});

test('a redirect to another scheme or with a password is refused', () => {
  for (const location of [
    'file:///etc/passwd',
    'gopher://x/',
    'data:,x',
    'https://u:p@b.example/',
    'http://',
  ]) {
    assert.throws(() => follow(hop(), 302, location), { code: 'address_refused' }, location);
  }
});
