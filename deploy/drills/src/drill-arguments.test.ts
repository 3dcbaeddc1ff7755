import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseDrillArguments } from './drill-arguments.ts';

test('alerts are named, or all of them are meant', () => {
  const given = { alerts: [], all: false, list: false, json: false, factor: 60 };
  assert.deepEqual(parseDrillArguments(['A', 'B']), { ...given, alerts: ['A', 'B'] });
  assert.deepEqual(parseDrillArguments(['--all', '--json']), { ...given, all: true, json: true });
  assert.deepEqual(parseDrillArguments(['--list']), { ...given, list: true });
  assert.equal(parseDrillArguments(['A', '--factor', '7.5']).factor, 7.5);
});

for (const [args, sentence] of [
  [[], /Name the alerts to drill, or say --all/],
  [['--all', 'A'], /not both/],
  [['A', '--factor', '0.5'], /--factor is a number from 1 to 1000, not "0.5"/],
  [['A', '--factor', 'x'], /not "x"/],
  [['--nothing'], /--nothing/],
] as const) {
  test(`refused: ${args.join(' ') || 'nothing'}`, () => {
    assert.throws(() => parseDrillArguments(args), { name: 'TypeError', message: sentence });
  });
}
