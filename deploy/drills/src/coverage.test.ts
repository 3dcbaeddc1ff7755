import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

import { compressRules } from './compress.ts';
import { drills, notDrilled } from './drills.ts';
import { readAlertRules, RULE_FILES, RUNBOOKS, ruleTestsOf } from './rule-files.ts';

const NOT_DRILLED_MAX = 2;

/** What there is of each kind, by the name of the alert. */
interface Coverage {
  readonly alerts: readonly string[];
  readonly tested: readonly string[];
  readonly drilled: readonly string[];
  readonly runbooks: readonly string[];
  /** Pages that the index of the runbooks names. */
  readonly indexed: readonly string[];
}

function gaps({ alerts, tested, drilled, runbooks, indexed }: Coverage): string[] {
  return [
    ...alerts.flatMap((alert) => [
      ...(tested.includes(alert) ? [] : [`${alert} has no tests of promtool`]),
      ...(drilled.includes(alert) ? [] : [`${alert} has no drill`]),
      ...(runbooks.includes(alert) ? [] : [`${alert} has no runbook`]),
    ]),
    ...drilled
      .filter((alert) => !alerts.includes(alert))
      .map((alert) => `${alert} is drilled, and no rule has this name`),
    ...runbooks
      .filter((name) => !alerts.includes(name) && !indexed.includes(name))
      .map((name) => `the runbook ${name} has neither an alert nor a place in the index`),
  ];
}

test('every alert has tests, a drill and a runbook; every runbook an alert or a place in the index', () => {
  const alerts = [...new Set(readAlertRules().map(({ alert }) => alert))];
  assert.ok(alerts.length > 20);
  const index = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8');
  const coverage: Coverage = {
    alerts,
    tested: alerts.filter((alert) => ruleTestsOf(alert).length > 0),
    drilled: [...drills.map(({ alert }) => alert), ...Object.keys(notDrilled)],
    runbooks: globSync('*.md', { cwd: RUNBOOKS })
      .map((file) => basename(file, '.md'))
      .filter((name) => name !== 'README'),
    indexed: [...index.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name]) => name ?? ''),
  };
  assert.deepEqual(gaps(coverage), []);
  assert.equal(gaps({ ...coverage, tested: [] }).length, alerts.length);
  assert.equal(gaps({ ...coverage, drilled: [] }).length, alerts.length);
  assert.ok(gaps({ ...coverage, runbooks: [] }).length >= alerts.length);
  assert.equal(gaps({ ...coverage, drilled: [...coverage.drilled, 'Planted'] }).length, 1);
  assert.equal(gaps({ ...coverage, runbooks: [...coverage.runbooks, 'planted'] }).length, 1);
});

test('few alerts are not drilled, and each is told why', () => {
  assert.ok(Object.keys(notDrilled).length <= NOT_DRILLED_MAX);
  for (const [alert, why] of Object.entries(notDrilled)) {
    assert.ok(why.length > 40, `${alert}: ${why}`);
    assert.ok(!drills.some((drill) => drill.alert === alert), `${alert} is drilled`);
  }
});

test('a drill stands in the file of its alert, and expects what the rule says', () => {
  const rules = readAlertRules();
  for (const { alert, severity, labels = {} } of drills) {
    assert.ok(existsSync(join(import.meta.dirname, 'drills', `${alert}.ts`)), alert);
    const fixed = Object.entries(labels).filter(
      ([name]) => !['disk', 'reader', 'invariant', 'service'].includes(name),
    );
    const rule = rules.find(
      (one) => one.alert === alert && fixed.every(([name, value]) => one.labels[name] === value),
    );
    assert.equal(rule?.labels['severity'], severity, alert);
  }
  const files = globSync('drills/*.ts', { cwd: import.meta.dirname }).map((file) =>
    basename(file, '.ts'),
  );
  assert.deepEqual(files.toSorted(), drills.map(({ alert }) => alert).toSorted());
});

test('an alert names its runbook', () => {
  for (const { alert, annotations } of readAlertRules()) {
    assert.equal(annotations['runbook'], `runbooks/${alert}.md`);
  }
});

test('other thresholds are of rules that there are', () => {
  const texts = RULE_FILES.map((file) => readFileSync(file, 'utf8'));
  for (const { alert, overrides = [] } of drills) {
    for (const override of overrides) {
      const changed = texts.filter(
        (text) =>
          text.includes(`: ${override.rule}\n`) &&
          compressRules(text, { factor: 60, overrides: [override] }).includes(override.to),
      );
      assert.equal(changed.length, 1, alert);
    }
  }
});
