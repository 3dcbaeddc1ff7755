import { parseArgs } from 'node:util';

export const groups = ['static', 'unit', 'sim', 'db', 'e2e'] as const;
export type Group = (typeof groups)[number];

export const TEST_USAGE = `Usage: npm test                            every check
       npm test -- --only unit            one group: ${groups.join(', ')}; repeatable
       npm test -- --only unit packages/core   test files whose path contains the text
       npm test -- --name "a sentence"    tests whose name matches the pattern`;

export interface TestArguments {
  readonly only: readonly Group[];
  /** Parts of paths of test files; none: all files. */
  readonly paths: readonly string[];
  readonly name?: string;
  readonly help: boolean;
}

/** Throws a TypeError with a sentence when they are wrong. */
export function parseTestArguments(args: readonly string[]): TestArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const only = values.only.flatMap((list) => list.split(',')).map(groupOf);
  // A filter is for tests: what is checked as a whole is left out.
  const filtered = positionals.length > 0 || values.name !== undefined;
  const all = filtered ? groups.filter((group) => group !== 'static') : groups;
  return {
    only: only.length > 0 ? only : all,
    paths: positionals,
    ...(values.name !== undefined && { name: values.name }),
    help: values.help,
  };
}

function groupOf(text: string): Group {
  const group = groups.find((known) => known === text);
  if (!group) throw new TypeError(`There is no group ${text}; there are ${groups.join(', ')}.`);
  return group;
}
