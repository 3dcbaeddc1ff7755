import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lackOf } from '@aos/local';

import { mutantsOf, type Mutant } from './mutants.ts';
import { testAlert } from './promtool.ts';
import { readRules, withSources, type Rule } from './rule-file.ts';

const PARALLEL = 3;

test(
  'whatever is wrong with a rule, a test of an alert turns red',
  { skip: lackOf('promtool') },
  async () => {
    const rules = readRules();
    const mutants = rules.flatMap(mutantsOf);
    assert.ok(mutants.length > 200);
    const survivors: string[] = [];
    const queue = mutants.values();
    const work = async () => {
      for (const mutant of queue) {
        if (await survives(mutant, rules)) {
          survivors.push(`${mutant.rule.name}, ${mutant.what}: ${mutant.rule.expr}`);
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    assert.deepEqual(survivors, [], `of ${mutants.length} mutants`);
  },
);

async function survives(
  { what, original, rule }: Mutant,
  rules: readonly Rule[],
): Promise<boolean> {
  const mutated = rules.map((other) => (other === original ? rule : other));
  for (const alert of alertsOn(original, rules)) {
    const { passed, said } = await testAlert(alert, mutated);
    // An expression that Prometheus does not take would be red for nothing.
    assert.doesNotMatch(said, /could not parse|yaml: /, `${rule.name}, ${what}: ${rule.expr}`);
    if (!passed) return false;
  }
  return true;
}

/** The alerts whose tests must notice: itself, or those that read what it records. */
function alertsOn(rule: Rule, rules: readonly Rule[]): string[] {
  if (rule.kind === 'alert') return [rule.name];
  const alerts = rules.filter(({ kind }) => kind === 'alert');
  return [
    ...new Set(
      alerts.filter((alert) => withSources([alert], rules).includes(rule)).map(({ name }) => name),
    ),
  ];
}
