import { JSON_DEPTH_MAX } from '@aos/core';

import type { RunCheck } from '../check.ts';

/** Four times what any skill may return: as text, the database writes more blanks and longer numbers. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The output of a step is there when it completed, is bounded, and is not nested too deep. */
export const storedOutputs: RunCheck = {
  kind: 'run',
  invariant: 'I23',
  *check({ steps, plans }) {
    const joined = new Set(
      (plans.at(-1)?.plan.steps ?? []).filter((step) => step.forEach).map(({ key }) => key),
    );
    for (const { key, status, outputBytes, outputTooDeep } of steps) {
      if (status === 'completed' && outputBytes === null)
        yield `${key} is completed without an output.`;
      if (outputTooDeep)
        yield `The output of ${key} is nested deeper than ${JSON_DEPTH_MAX} levels.`;
      // The list of all items is as large as they are together.
      if (!joined.has(key) && (outputBytes ?? 0) > OUTPUT_BYTES_MAX) {
        yield `The output of ${key} has ${outputBytes} bytes.`;
      }
    }
  },
};
