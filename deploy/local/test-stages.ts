import { fileURLToPath } from 'node:url';

import type { Group, TestArguments } from './test-arguments.ts';
import { testFiles } from './test-files.ts';

export interface Stage {
  readonly name: string;
  readonly group: Group;
  /** Whether it is a run of tests, which can be skipped one by one. */
  readonly tests: boolean;
  /** The arguments of Node; undefined when there is nothing to run. */
  readonly args: readonly string[] | undefined;
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const UNIT = ['*.test.ts', '{packages,services,deploy,e2e}/**/*.test.ts'];
const SIMULATION = ['packages/simulator/**/*.simtest.ts'];
const DATABASE = ['{packages,services,deploy}/**/*.dbtest.ts'];
const E2E = ['e2e/**/*.e2e.ts', 'deploy/{local,drills/src}/*.e2e.ts'];

/** All stages in their order, the quick ones first. */
export function stagesOf({ paths, name }: TestArguments): Stage[] {
  const tests = (title: string, group: Group, patterns: string[], flags: string[]): Stage => {
    const files = testFiles(patterns, paths, ROOT);
    const named = name === undefined ? [] : [`--test-name-pattern=${name}`];
    const args = ['--test', ...flags, ...named, ...files];
    return { name: title, group, tests: true, args: files.length > 0 ? args : undefined };
  };
  return [
    tool('Format', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
    tool('Lint', 'oxlint/bin/oxlint', '--type-aware', '--deny-warnings'),
    tool('Types', 'typescript/bin/tsc'),
    tool('Unused code', 'knip/bin/knip.js'),
    tests('Unit tests', 'unit', UNIT, ['--test-concurrency=2', '--test-timeout=60000']),
    tests('Simulation', 'sim', SIMULATION, ['--test-concurrency=2', '--test-timeout=120000']),
    tests('Database tests', 'db', DATABASE, ['--test-concurrency=2', '--test-timeout=120000']),
    tests('End-to-end tests', 'e2e', E2E, ['--test-concurrency=1', '--test-timeout=300000']),
  ];
}

function tool(title: string, file: string, ...flags: string[]): Stage {
  return { name: title, group: 'static', tests: false, args: [`node_modules/${file}`, ...flags] };
}
