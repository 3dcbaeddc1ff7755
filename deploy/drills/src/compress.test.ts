import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';

import { lackOf } from '@aos/local';
import { parse } from 'yaml';

import { compressExpression, compressRules } from './compress.ts';
import { RULE_FILES } from './rule-files.ts';

const groupOf = (...lines: readonly string[]) =>
  ['groups:', '  - name: g', '    interval: 1m', '    rules:', ...lines].join('\n');

interface RuleFile {
  readonly groups: readonly {
    readonly interval?: string;
    readonly rules: readonly Readonly<Record<string, unknown>>[];
  }[];
}

describe('compressed rules', () => {
  test('every wait is shorter, and never shorter than a second', () => {
    const text = groupOf(
      '      - alert: A',
      '        expr: a > 600',
      '        for: 5m',
      '        keep_firing_for: 10s',
    );
    const { groups } = parse(compressRules(text, { factor: 60 })) as RuleFile;
    assert.equal(groups[0]?.interval, '1000ms');
    assert.deepEqual(groups[0]?.rules[0], {
      alert: 'A',
      expr: 'a > 600',
      for: '5000ms',
      keep_firing_for: '1000ms',
    });
  });

  test('nothing becomes longer than it was', () => {
    assert.equal(compressExpression('rate(a[2s])', 60), 'rate(a[2000ms])');
    const text = groupOf('      - alert: A', '        expr: a', '        for: 0s');
    const { groups } = parse(compressRules(text, { factor: 60 })) as RuleFile;
    assert.equal(groups[0]?.rules[0]?.['for'], '0ms');
  });

  for (const [what, from, to] of [
    ['a range', 'rate(a{b="c"}[10m])', 'rate(a{b="c"}[10000ms])'],
    ['a range of two units', 'rate(a[1h30m])', 'rate(a[90000ms])'],
    ['a range that gets too short for two scrapes', 'rate(a[1m])', 'rate(a[4000ms])'],
    ['a subquery', 'max_over_time(a[1d:5m])', 'max_over_time(a[1440000ms:5000ms])'],
    ['a subquery without a step', 'max_over_time(a[1d:])', 'max_over_time(a[1440000ms:])'],
    ['an offset', 'a offset 1h - a offset -5m', 'a offset 60000ms - a offset -5000ms'],
    [
      'a horizon',
      'predict_linear(a[1h], 4 * 3600) < 0',
      'predict_linear(a[60000ms], (4 * 3600) / 60) < 0',
    ],
    [
      'horizons within others',
      'min by (b) (predict_linear(sum(a{c=")"})[1h:1m], 60) and predict_linear(a[1h], 7))',
      'min by (b) (predict_linear(sum(a{c=")"})[60000ms:1000ms], (60) / 60) and predict_linear(a[60000ms], (7) / 60))',
    ],
    ['thresholds and texts', 'a{b="[5m] offset 5m"} > 600', 'a{b="[5m] offset 5m"} > 600'],
  ] as const) {
    test(`of an expression: ${what}`, () => assert.equal(compressExpression(from, 60), to));
  }

  test('a threshold is another one only when an override names it', () => {
    const text = groupOf('      - alert: A', '        expr: a > 30 and b >= 5');
    const override = { rule: 'A', from: '> 30', to: '> 2', why: 'a test' };
    const { groups } = parse(
      compressRules(text, { factor: 60, overrides: [override] }),
    ) as RuleFile;
    assert.equal(groups[0]?.rules[0]?.['expr'], 'a > 2 and b >= 5');
    const absent = { ...override, from: '> 31' };
    assert.throws(() => compressRules(text, { factor: 60, overrides: [absent] }), /"> 31" once/);
  });

  test('what is no rule file and what is no factor is refused', () => {
    assert.throws(() => compressRules('a: [', { factor: 60 }), /cannot be read/);
    assert.throws(() => compressRules('a: b', { factor: 0.5 }), /factor must be 1 or more/);
    const text = groupOf('      - alert: A', '        expr: a', '        for: soon');
    assert.throws(() => compressRules(text, { factor: 60 }), /"soon" is no span/);
  });

  test('Prometheus takes our rules compressed', { skip: lackOf('promtool') }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'aos-rules-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const file of RULE_FILES) {
      const rules = compressRules(readFileSync(file, 'utf8'), { factor: 60 });
      assert.doesNotMatch(rules, /\[\d+[smhd]\]|for: \d+[smhd]$/m);
      const compressed = join(folder, basename(file));
      writeFileSync(compressed, rules);
      const { status, stderr } = spawnSync('promtool', ['check', 'rules', compressed]);
      assert.equal(status, 0, String(stderr));
    }
  });
});
