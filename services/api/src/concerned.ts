import { uuidOf } from '@aos/core';

import type { Concerned } from './route.ts';

/** The run that a path is about; what is no id of a run is not repeated. */
export function concernedBy(
  route: string,
  { id = '' }: Readonly<Record<string, string>>,
): Concerned {
  return route.startsWith('/v1/runs/:id') && uuidOf('run', id) ? { runId: id } : {};
}
