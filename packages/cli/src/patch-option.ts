import type { PatchOperation } from '@aos/core';

import { usageError } from './command-error.ts';
import { readJson } from './read-json.ts';

/** `--patch` as the API takes it. What its operations say is judged there. */
export function patchOf(
  source: string | undefined,
  folder: string,
): { readonly patch?: PatchOperation[] } {
  if (source === undefined) return {};
  const patch = readJson(source, folder, '--patch');
  if (!Array.isArray(patch)) {
    throw usageError(
      '--patch needs a list: [{"op": "replace", "path": "/input/name", "value": 1}].',
    );
  }
  return { patch };
}
