import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseAddress, refusalOf } from './address.ts';

const closed = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::7f00:1',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::',
  '3fff::1',
  '4000::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
];

for (const text of closed) {
  test(`${text} is closed to skills`, () => {
    const address = parseAddress(text);
    assert.ok(address);
    assert.equal(typeof refusalOf(address), 'string');
  });
}

for (const text of [
  '8.8.8.8',
  '1.1.1.1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
]) {
  test(`${text} is open`, () => {
    const address = parseAddress(text);
    assert.ok(address);
    assert.equal(refusalOf(address), undefined);
  });
}

test('what is no address is not taken for one', () => {
  for (const text of ['', 'localhost', '1.2.3', '999.1.1.1', 'db', ':::', '1.2.3.4.5']) {
    const address = parseAddress(text);
    // Short forms such as 1.2.3 are addresses of other tools; here they are names, or canonical.
    assert.ok(address === undefined || text === '1.2.3', text);
  }
});
