import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { lackOf } from '@aos/local';
import { metricTable } from '@aos/telemetry';

import { promtool, testAlert, testFilesOf } from './promtool.ts';
import {
  metricsIn,
  parseRules,
  printRules,
  readRules,
  RULE_FILES,
  RULES_FOLDER,
} from './rule-file.ts';

const RUNBOOKS = fileURLToPath(new URL('../../runbooks', import.meta.url));

const rules = readRules();
const alerts = rules.filter(({ kind }) => kind === 'alert');
const names = new Set(alerts.map(({ name }) => name));
const skip = lackOf('promtool');

const NINE = [
  'HighRunFailureRate',
  'CriticalRunFailureRate',
  'NoRunsProcessed',
  'SlowSkillExecution',
  'WorkerPoolDown',
  'QueueDepthWarning',
  'QueueDepthCritical',
  'QueueGrowthRapid',
  'BackendDown',
];

test('the nine promised alerts are there', () => {
  assert.deepEqual(
    NINE.filter((name) => !names.has(name)),
    [],
  );
});

test('a file of rules is read whole, or refused', () => {
  for (const file of RULE_FILES) {
    const text = readFileSync(join(RULES_FOLDER, file), 'utf8');
    const read = parseRules(text, file);
    assert.equal(read.length, text.match(/^ *- (alert|record):/gm)?.length);
    assert.deepEqual(parseRules(printRules(read), file), read);
  }
  assert.throws(() => parseRules('groups:\n      - alarm: X\n', 'nova_alerts.yml'), /unknown form/);
});

test('Prometheus takes the rules and the configuration', { skip }, async () => {
  const checks = [
    ['check', 'rules', '--lint=all', '--lint-fatal', ...RULE_FILES],
    ['check', 'config', '--lint=all', '--lint-fatal', '../prometheus.yml'],
  ];
  for (const args of checks) {
    const { passed, said } = await promtool(args, { cwd: RULES_FOLDER });
    assert.ok(passed, said);
  }
});

test('each alert fires, stays silent, and is tried without data', { skip }, async () => {
  for (const name of names) {
    const text = testFilesOf(name)
      .map((file) => readFileSync(join(RULES_FOLDER, file), 'utf8'))
      .join('\n');
    for (const part of ['fires', 'silent', 'data']) {
      const titles = [...text.matchAll(/^ {2}- name: '(.*)'$/gm)].map(([, title = '']) => title);
      assert.ok(
        titles.some((title) => title.startsWith(name) && title.includes(part)),
        `${name} has no test whose name says "${part}"`,
      );
    }
    const { passed, said } = await testAlert(name, rules);
    assert.ok(passed, said);
  }
});

test('each file of tests is of an alert', () => {
  const told = globSync('*.test.yml', { cwd: RULES_FOLDER }).map(
    (file) => file.split('.')[0] ?? '',
  );
  assert.deepEqual(new Set(told), names);
});

test('an alert says how bad it is, whose it is, what happens, and which page helps', () => {
  for (const { name, lines } of alerts) {
    const text = lines.join('\n');
    assert.match(text, /labels: \{ severity: (warning|critical|none), team: aos\b/, name);
    for (const annotation of ['summary', 'description']) {
      assert.match(
        text,
        new RegExp(`^ {10}${annotation}: .+\\.'?$`, 'm'),
        `${name}: ${annotation}`,
      );
    }
    assert.match(text, new RegExp(`^ {10}runbook: runbooks/${name}\\.md$`, 'm'), name);
  }
});

test('each alert has its runbook, and each runbook of an alert its alert', () => {
  const pages = globSync('[A-Z]*.md', { cwd: RUNBOOKS }).filter((page) => page !== 'README.md');
  assert.deepEqual(new Set(pages), new Set([...names].map((name) => `${name}.md`)));
});

test('rules speak of metrics that are exported, and of what they record', () => {
  const known = new Set([...exportedNames(), ...rules.map(({ name }) => name)]);
  const unknown = rules.flatMap(({ name, expr }) =>
    metricsIn(expr)
      .filter((metric) => !known.has(metric))
      .map((metric) => `${name} reads ${metric}`),
  );
  assert.deepEqual(unknown, []);
  assert.deepEqual(metricsIn('sum(rate(nova_x{a="nova_y"}[5m])) / nova:z:max'), [
    'nova_x',
    'nova:z:max',
  ]);
});

test('what is recorded is read by an alert', () => {
  const read = new Set(rules.flatMap(({ expr }) => metricsIn(expr)));
  const unread = rules.filter(({ kind, name }) => kind === 'record' && !read.has(name));
  assert.deepEqual(unread, []);
});

function exportedNames(): string[] {
  return Object.values(metricTable).flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
  );
}
