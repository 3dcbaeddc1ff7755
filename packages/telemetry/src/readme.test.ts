import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { metricTable } from './metric-table.ts';

const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the page tells every metric with its type, labels, origin and exporters, and no other', () => {
  const told = page
    .split('\n')
    .filter((line) => line.startsWith('| `nova_'))
    .map((line) =>
      line
        .split('|')
        .slice(1, 6)
        .map((cell) => cell.replaceAll('`', '').trim())
        .join(' | '),
    );
  const known = Object.values(metricTable).map(({ name, type, labels, from, services }) =>
    [name, type, labels.join(', '), from, services.join(', ')].join(' | '),
  );
  assert.deepEqual(new Set(told), new Set(known));
});

test('names keep the conventions of Prometheus', () => {
  for (const { name, type } of Object.values(metricTable)) {
    assert.match(name, /^nova_[a-z]+(_[a-z]+)*$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
  }
});
