import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { printRules, RULE_FILES, RULES_FOLDER, withSources, type Rule } from './rule-file.ts';

/** It lives for a moment, and others like it run beside it: collecting its garbage costs half of its time. */
const BRIEF_LIFE = { GOGC: 'off', GOMAXPROCS: '1' };

export interface Verdict {
  readonly passed: boolean;
  readonly said: string;
}

export async function promtool(
  args: readonly string[],
  { cwd, input = '' }: { readonly cwd?: string; readonly input?: string } = {},
): Promise<Verdict> {
  const env = { ...process.env, ...BRIEF_LIFE };
  const child = spawn('promtool', [...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  child.stdin.end(input);
  const passed = await new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
  return { passed, said };
}

/** The tests of one alert, beside the rules. */
export function testFilesOf(alert: string): string[] {
  return globSync(`${alert}{,.*}.test.yml`, { cwd: RULES_FOLDER }).toSorted();
}

/** Runs the tests of an alert on these of its rules, and the recording rules that they read, and no others. */
export async function testAlert(alert: string, all: readonly Rule[]): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'aos-rules-'));
  try {
    const needed = withSources(
      all.filter(({ kind, name }) => kind === 'alert' && name === alert),
      all,
    );
    for (const file of RULE_FILES) {
      writeFileSync(join(folder, file), printRules(needed.filter((rule) => rule.file === file)));
    }
    const tests = testFilesOf(alert);
    for (const test of tests) cpSync(join(RULES_FOLDER, test), join(folder, test));
    return await promtool(['test', 'rules', ...tests], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
