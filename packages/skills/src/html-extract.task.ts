import type { Json } from '@aos/core';

import type { ExtractInput } from './html/extract-parts.ts';
import { extract } from './html/extract.ts';
import { task } from './task.ts';

/** Runs in a child: pages are written by strangers, and some take minutes to parse. */
export const run = task((input: ExtractInput) => {
  try {
    return { value: extract(input) as unknown as Json };
  } catch (error) {
    if (error instanceof RangeError) {
      return { failure: { code: 'transform_stopped', detail: 'The page is nested too deeply.' } };
    }
    if (input.selector === undefined || !(error instanceof Error)) throw error;
    const detail = `The selector ${JSON.stringify(input.selector)} is not valid: ${error.message}`;
    return { failure: { code: 'skill_input_invalid', detail } };
  }
});
