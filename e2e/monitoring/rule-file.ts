import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const RULES_FOLDER = fileURLToPath(new URL('../../monitoring/rules', import.meta.url));

export const RULE_FILES = ['nova_records.yml', 'nova_alerts.yml'] as const;
type RuleFile = (typeof RULE_FILES)[number];

/** One rule of a file, as far as tests must know it. */
export interface Rule {
  readonly file: RuleFile;
  readonly group: string;
  readonly kind: 'alert' | 'record';
  readonly name: string;
  /** In one line. */
  readonly expr: string;
  /** All of its lines but those of `expr`. */
  readonly lines: readonly string[];
}

const RULE = /^ {6}- (alert|record): (\S+)$/;
const GROUP = /^ {2}- name: (\S+)$/;
const EXPR = /^ {8}expr: (.*)$/;
const CONTINUED = /^ {10}\S/;

export function readRules(): Rule[] {
  return RULE_FILES.flatMap((file) =>
    parseRules(readFileSync(join(RULES_FOLDER, file), 'utf8'), file),
  );
}

/** Reads the form that our files have, and refuses any other: a rule that it overlooked would not be tested. */
export function parseRules(text: string, file: RuleFile): Rule[] {
  const rules: { rule: Omit<Rule, 'lines' | 'expr'>; lines: string[]; expr: string[] }[] = [];
  let group = '';
  let inExpr = false;
  for (const line of text.split('\n')) {
    group = GROUP.exec(line)?.[1] ?? group;
    const [, kind, name] = RULE.exec(line) ?? [];
    if (kind !== undefined && name !== undefined) {
      const rule = { file, group, kind: kind as Rule['kind'], name };
      rules.push({ rule, lines: [line], expr: [] });
      inExpr = false;
      continue;
    }
    const last = rules.at(-1);
    const start = EXPR.exec(line);
    if (start && last) {
      if (start[1] !== '>-') last.expr.push(start[1] ?? '');
      inExpr = true;
    } else if (inExpr && CONTINUED.test(line)) last?.expr.push(line.trim());
    else if (/^ {8}/.test(line)) {
      last?.lines.push(line);
      inExpr = false;
    } else if (/\S/.test(line) && !/^\s*#|^groups:$|^ {4}rules:$/.test(line) && !GROUP.test(line)) {
      throw new Error(`${file} has a line of unknown form: ${line}`);
    }
  }
  return rules.map(({ rule, lines, expr }) => ({ ...rule, lines, expr: expr.join(' ') }));
}

/** The text of a rule file with these rules alone. */
export function printRules(rules: readonly Rule[]): string {
  const groups = new Map<string, string[]>();
  for (const { group, lines, expr } of rules) {
    const body = groups.get(group) ?? [];
    const [head = '', ...rest] = lines;
    body.push(head, `        expr: >-`, `          ${expr}`, ...rest);
    groups.set(group, body);
  }
  if (groups.size === 0) return 'groups: []\n';
  const printed = [...groups].map(
    ([name, body]) => `  - name: ${name}\n    rules:\n${body.join('\n')}\n`,
  );
  return `groups:\n${printed.join('')}`;
}

/** These rules and the recording rules that they read, directly or through others. */
export function withSources(some: readonly Rule[], all: readonly Rule[]): Rule[] {
  const needed = new Set(some);
  for (const rule of needed) {
    for (const source of all) {
      if (source.kind === 'record' && metricsIn(rule.expr).includes(source.name))
        needed.add(source);
    }
  }
  return all.filter((rule) => needed.has(rule));
}

/** The names of the series that an expression reads. */
export function metricsIn(expr: string): string[] {
  const bare = expr.replaceAll(/\{[^}]*\}/g, ' ');
  return [...new Set(bare.match(/\bnova[_:][\w:]*/g))];
}
