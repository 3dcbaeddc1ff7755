import type { Runbook } from './runbook.ts';

/** The variables that must be given and are not. */
export function missingVariables(
  { variables }: Runbook,
  given: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(variables)
    .filter(([name, variable]) => variable.default === undefined && given[name] === undefined)
    .map(([name]) => name);
}
