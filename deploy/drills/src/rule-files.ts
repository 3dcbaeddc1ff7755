import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

export const MONITORING = fileURLToPath(new URL('../../../monitoring', import.meta.url));
export const RUNBOOKS = fileURLToPath(new URL('../../../runbooks', import.meta.url));
const RULES = join(MONITORING, 'rules');

/** Without the tests that lie beside them. */
export const RULE_FILES: readonly string[] = globSync('*.yml', { cwd: RULES })
  .filter((file) => !file.endsWith('.test.yml'))
  .toSorted()
  .map((file) => join(RULES, file));

/** An alert as a rule file has it. */
export interface AlertRule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Partial<AlertRule>[] }[];
}

export function readAlertRules(): AlertRule[] {
  return RULE_FILES.flatMap((file) => {
    const { groups } = parse(readFileSync(file, 'utf8')) as RuleFile;
    return groups.flatMap(({ rules }) =>
      rules.flatMap(({ alert, labels = {}, annotations = {} }) =>
        alert === undefined ? [] : [{ alert, labels, annotations }],
      ),
    );
  });
}

/** Those that promtool runs for an alert. */
export function ruleTestsOf(alert: string): string[] {
  return globSync(`${alert}{,.*}.test.yml`, { cwd: RULES });
}
