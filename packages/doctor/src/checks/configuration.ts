import { loadConfig } from '@aos/config';
import { AosError } from '@aos/core';

import { fail, ok, warn, type Finding } from '../finding.ts';

/** Whether services would start with these settings. */
export function checkConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
): Finding[] {
  try {
    const { warnings } = loadConfig(environment);
    return warnings.length === 0
      ? [ok('configuration', 'Every setting of this shell is known and sound.')]
      : warnings.map((sentence) =>
          warn('configuration', sentence, 'Mend the name, or unset the variable.'),
        );
  } catch (error) {
    if (!(error instanceof AosError)) throw error;
    return [fail('configuration', error.message, 'Mend the settings before you start a service.')];
  }
}
