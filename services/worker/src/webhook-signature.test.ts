import assert from 'node:assert/strict';
import { test } from 'node:test';

import { signatures } from './webhook-signature.ts';

/** The example that libraries of Standard Webhooks are tested with. */
const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampS: 1_614_265_330,
  body: '{"test": 2432232314}',
};
const known = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('it is what receivers of Standard Webhooks expect', () => {
  assert.equal(signatures([secret], message), known);
});

test('while secrets are exchanged both sign', () => {
  const both = signatures([Buffer.alloc(32), secret], message).split(' ');
  assert.equal(both.length, 2);
  assert.equal(both[1], known);
  assert.notEqual(both[0], known);
});

test('id, time and every byte of the body are signed', () => {
  for (const change of [{ id: 'msg_x' }, { timestampS: 1 }, { body: `${message.body} ` }]) {
    assert.notEqual(signatures([secret], { ...message, ...change }), known);
  }
});
