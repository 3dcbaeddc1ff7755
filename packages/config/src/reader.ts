import { readFileSync, statSync } from 'node:fs';

import { AosError } from '@aos/core';

import type { Rule } from './rules.ts';
import { isSecret, unknownNames, type SettingName } from './settings.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** Settings are short; a larger file is the wrong file. */
const FILE_BYTES_MAX = 1024 * 1024;

export interface Reader {
  optional<T>(name: SettingName, rule: Rule<T>): T | undefined;
  withDefault<T>(name: SettingName, rule: Rule<T>, fallback: T): T;
  required<T>(name: SettingName, rule: Rule<T>): T;
  /** Notes a problem that concerns several settings. */
  refuse(problem: string): void;
  /** Throws one error that names everything that was wrong. */
  assertValid(): void;
  readonly warnings: readonly string[];
}

/** Reads settings one by one and collects what is wrong, so that it is all told at once. */
export function createReader(environment: EnvironmentVariables): Reader {
  const problems: string[] = [];

  const optional = <T>(name: SettingName, rule: Rule<T>): T | undefined => {
    const text = textOf(environment, name, problems);
    if (text === undefined) return undefined;
    const value = rule.read(text);
    if (value === undefined) problems.push(`${name} ${rule.must(text)}`);
    return value;
  };

  return {
    optional,
    withDefault: (name, rule, fallback) => optional(name, rule) ?? fallback,
    required<T>(name: SettingName, rule: Rule<T>): T {
      const before = problems.length;
      const value = optional(name, rule);
      if (value === undefined && problems.length === before) problems.push(`${name} is missing`);
      // Never seen by the caller when it is undefined: assertValid throws first.
      return value as T;
    },
    refuse: (problem) => problems.push(problem),
    assertValid() {
      if (problems.length > 0) {
        throw new AosError('invalid_request', `Configuration: ${problems.join('; ')}.`);
      }
    },
    warnings: unknownNames(environment).map((name) => `${name} is no setting of AOS.`),
  };
}

/** An empty value counts as none: that is how compose files pass on what is not set. */
function textOf(
  environment: EnvironmentVariables,
  name: SettingName,
  problems: string[],
): string | undefined {
  const text = environment[name] || undefined;
  const file = (isSecret(name) && environment[`${name}_FILE`]) || undefined;
  if (!file) return text;
  if (text) {
    problems.push(`${name} and ${name}_FILE are both set`);
    return undefined;
  }
  try {
    if (statSync(file).size > FILE_BYTES_MAX) throw new Error('It is too large.');
    const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (content === '') problems.push(`${name}_FILE names an empty file`);
    return content || undefined;
  } catch {
    problems.push(`${name}_FILE names a file that cannot be read`);
    return undefined;
  }
}
