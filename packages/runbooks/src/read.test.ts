import assert from 'node:assert/strict';
import { test } from 'node:test';

import { metricNames } from './metric-names.ts';
import { pick } from './pick.ts';
import { parseSelector, readMetric } from './read-metric.ts';
import type { Value } from './runbook.ts';
import { shellText } from './shell-text.ts';
import { fillBody, fillPath, fillQuery, fillText, placeholdersOf } from './template.ts';

const scrape = `# HELP nova_x about
# TYPE nova_x gauge
nova_x{state="open",note="a \\"b\\", c"} 3
nova_x{state="redriving"} 4
nova_x_total 9
nova_y 0.5 1700000000
`;

test('a metric is the sum of the series that match', () => {
  assert.equal(readMetric(scrape, 'nova_x{state="open"}'), 3);
  assert.equal(readMetric(scrape, 'nova_x{note="a \\"b\\", c"}'), 3);
  assert.equal(readMetric(scrape, 'nova_x'), 7);
  assert.equal(readMetric(scrape, 'nova_y'), 0.5);
  assert.equal(readMetric(scrape, 'nova_x{state="gone"}'), null);
  assert.equal(readMetric(scrape, 'nova_z'), null);
  for (const wrong of ['nova_x{state=~"o.*"}', 'sum(nova_x)', 'nova_x{', '']) {
    assert.throws(() => parseSelector(wrong), /is no metric/);
  }
});

test('the metrics of an expression are found, and nothing else', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['nova_x', ['nova_x']],
    ['sum by (le, skill) (rate(nova_a_bucket{skill="nova_no"}[10m]))', ['nova_a_bucket']],
    ['max(nova_a) or vector(0)', ['nova_a']],
    ['nova_a / on (x) group_left (y) nova_b > bool 3', ['nova_a', 'nova_b']],
    ['count(ALERTS{alertname="X"}) or vector(0)', ['ALERTS']],
    ['nova:rule:max offset 5m and nova_a', ['nova:rule:max', 'nova_a']],
    ['delta(max(nova_q)[10m:30s])', ['nova_q']],
    ['sum(nova_a) by (skill) > 1e3', ['nova_a']],
  ];
  for (const [query, names] of cases) assert.deepEqual(metricNames(query), names, query);
});

test('a value is picked out of an answer, and what is not there is none', () => {
  const answer = { items: [{ id: 'a', n: 0, on: false }], nested: { list: [1, 2] } };
  assert.equal(pick(answer, 'items.0.id'), 'a');
  assert.equal(pick(answer, 'items.length'), 1);
  assert.equal(pick(answer, 'items.0.n'), 0);
  assert.equal(pick(answer, 'items.0.on'), false);
  assert.equal(pick(answer, 'items.1.id'), null);
  assert.equal(pick(answer, 'items.0.constructor'), null);
  assert.equal(pick(answer, 'nested.list'), '[1,2]');
  assert.equal(pick('x'.repeat(1_000), undefined), 'x'.repeat(500));
});

test('a value stays what it is wherever it is filled in', () => {
  const names = new Map<string, Value>([
    ['id', '../a b?c&d'],
    ['n', 7],
    ['q', 'a"b\\c'],
    ['none', null],
  ]);
  assert.equal(fillPath('/v1/runs/${id}/x', names), '/v1/runs/..%2Fa%20b%3Fc%26d/x');
  assert.equal(fillQuery('m{l="${q}"}', names), 'm{l="a\\"b\\\\c"}');
  assert.deepEqual(fillBody({ n: '${n}', list: ['a ${n}'], keep: true }, names), {
    n: 7,
    list: ['a 7'],
    keep: true,
  });
  assert.throws(() => fillText('${none}', names), /There is no none/);
  assert.throws(() => fillText('${gone}', names), /gone could not be read/);
  assert.throws(() => fillPath('/v1/${dots}', new Map([['dots', '..']])), /is no id/);
  assert.deepEqual(placeholdersOf({ a: ['${x}'], b: { c: '${y}/${z}' } }), ['x', 'y', 'z']);
});

test('a command is shown as a shell reads it back', () => {
  assert.equal(
    shellText(['npm', 'run', "it's", '$HOME; rm', '']),
    String.raw`npm run 'it'\''s' '$HOME; rm' ''`,
  );
});
