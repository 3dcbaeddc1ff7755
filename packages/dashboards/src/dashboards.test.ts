import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { metricTable } from '@aos/telemetry';

import { buildDashboard, dashboards } from './index.ts';
import type { DashboardSpec } from './spec.ts';
import { textOf } from './text.ts';

const folder = new URL('../../../monitoring/grafana/dashboards/', import.meta.url);
/** What Prometheus makes itself. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS']);
const ITS_LABELS = new Set([
  'instance',
  'job',
  'le',
  'alertname',
  'severity',
  'alertstate',
  'service',
]);
const metrics = new Map<string, readonly string[]>(
  Object.values(metricTable).map(({ name, labels }) => [name, labels]),
);

test('the files are what the code writes, and there are no others', () => {
  assert.deepEqual(
    new Set(readdirSync(folder)),
    new Set(dashboards.map(({ name }) => `${name}.json`)),
  );
  for (const spec of dashboards) {
    const file = readFileSync(new URL(`${spec.name}.json`, folder), 'utf8');
    assert.equal(file, textOf(spec), `${spec.name}: run node packages/dashboards/src/main.ts`);
  }
});

test('every metric and every label is in the table of metrics', () => {
  assert.deepEqual(dashboards.flatMap(unknownNames), []);
  const [page] = dashboards;
  assert.ok(page);
  const plant = (expr: string): DashboardSpec => ({
    ...page,
    variables: [],
    rows: [
      {
        title: 'x',
        panels: [
          {
            kind: 'graph',
            title: 'x',
            description: 'x',
            unit: 's',
            queries: [{ expr, legend: '' }],
          },
        ],
      },
    ],
  });
  assert.equal(unknownNames(plant('sum(nova_made_up_total)')).length, 1);
  assert.equal(unknownNames(plant('sum by (tenant) (nova_runs_total)')).length, 1);
  assert.equal(unknownNames(plant('nova_runs_total{tenant="x"}')).length, 1);
  assert.equal(unknownNames(plant('nova_skill_duration_seconds')).length, 1);
});

test('a metric whose kind is a counter is never read without a rate, but for the totals', () => {
  const totals = ['Ended, ever', 'Failed, ever'];
  for (const { panel, expr } of dashboards.flatMap(queriesOf)) {
    if (totals.includes(panel)) continue;
    for (const [, name = ''] of expr.matchAll(/(nova_\w+_total)/g)) {
      const at = expr.indexOf(name);
      assert.match(expr.slice(0, at), /(rate|increase)\($/, `${panel}: ${expr}`);
    }
  }
});

test('every counter of the database is read so that two replicas do not count twice', () => {
  const fromDatabase = Object.values(metricTable).filter(({ from }) => from === 'database');
  for (const { panel, expr } of dashboards.flatMap(queriesOf)) {
    for (const { name } of fromDatabase) {
      if (!new RegExp(`${name}\\b`).test(expr)) continue;
      assert.match(expr, /max( by \([^)]*\))? ?\(/, `${panel}: ${expr}`);
    }
  }
});

test('panels have names of their own, say what they mean, and do not overlap', () => {
  for (const spec of dashboards) {
    const panels = spec.rows.flatMap((row) => row.panels);
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length, spec.name);
    for (const { description } of panels) assert.match(description, /\.$/);
    const places = new Set<string>();
    for (const panel of buildDashboard(spec).panels ?? []) {
      const { x, y, w, h } = panel.gridPos as { x: number; y: number; w: number; h: number };
      assert.ok(x + w <= 24, `${spec.name}: ${x} + ${w}`);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          assert.ok(
            !places.has(`${column}/${row}`),
            `${spec.name}: ${JSON.stringify(panel.gridPos)}`,
          );
          places.add(`${column}/${row}`);
        }
      }
    }
  }
});

test('every variable is used on its page, and every variable that is used is there', () => {
  for (const spec of dashboards) {
    const used = queriesOf(spec).flatMap(({ expr }) =>
      [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name),
    );
    const given = new Set(spec.variables.map(({ name }) => name));
    assert.deepEqual(new Set(used.filter((name) => !name?.startsWith('__'))), given, spec.name);
  }
});

function queriesOf(spec: DashboardSpec): { panel: string; expr: string }[] {
  return spec.rows.flatMap(({ panels }) =>
    panels.flatMap((panel) => panel.queries.map(({ expr }) => ({ panel: panel.title, expr }))),
  );
}

/** Names of metrics and labels that nobody exports, in sentences. */
function unknownNames(spec: DashboardSpec): string[] {
  const variables = spec.variables.map(({ name, metric }) => ({
    panel: `$${name}`,
    expr: `sum by (${name}) (${metric})`,
  }));
  return [...queriesOf(spec), ...variables].flatMap(({ panel, expr }) => {
    const names = [...expr.matchAll(/\b(nova_\w+|up|ALERTS)\b(?!")/g)].map(([name]) => name);
    const known = new Set(names.flatMap((name) => labelsOf(name) ?? []));
    const labels = [
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/)),
      ...[...expr.matchAll(/([a-z]+)(?==~?"|!=")/g)].map(([name]) => name),
    ];
    return [
      ...names.filter((name) => !labelsOf(name)).map((name) => `${panel}: no metric ${name}`),
      ...labels
        .filter((label) => !known.has(label) && !ITS_LABELS.has(label))
        .map((label) => `${panel}: no label ${label} in ${expr}`),
    ];
  });
}

function labelsOf(name: string): readonly string[] | undefined {
  if (OF_PROMETHEUS.has(name)) return [];
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const histogram = Object.values(metricTable).find((metric) => metric.name === base);
  if (base !== name && histogram?.type === 'histogram') return histogram.labels;
  const own = Object.values(metricTable).find((metric) => metric.name === name);
  return own?.type === 'histogram' ? undefined : metrics.get(name);
}
