import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseBenchArguments } from './arguments.ts';

test('without options the usual ones hold', () => {
  assert.deepEqual(parseBenchArguments([]), {
    help: false,
    only: [],
    json: false,
    rounds: 3,
    scale: 1,
    peers: true,
    backlog: 100_000,
    minutes: 1,
  });
});

test('options are read', () => {
  const args = parseBenchArguments(
    '--only drain --only idle --json --rounds 5 --scale 0.1 --no-peers --backlog 1000000 --minutes 10 --profile here'.split(
      ' ',
    ),
  );
  assert.deepEqual(args, {
    help: false,
    only: ['drain', 'idle'],
    json: true,
    rounds: 5,
    scale: 0.1,
    peers: false,
    backlog: 1_000_000,
    minutes: 10,
    profile: 'here',
  });
});

test('what is out of bounds is refused with the bounds', () => {
  for (const [given, told] of [
    [['--rounds', '0'], /--rounds is "0"; it must be a whole number from 1 to 20/],
    [['--rounds', '1.5'], /whole number/],
    [['--scale', '1000'], /--scale is "1000"; it must be a number from 0\.001 to 100/],
    [['--backlog', 'many'], /--backlog is "many"/],
    [['--minutes', ''], /--minutes is ""/],
    [['--what'], /--what/],
  ] as const) {
    assert.throws(
      () => parseBenchArguments(given),
      (error: unknown) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, told);
        return true;
      },
    );
  }
});
