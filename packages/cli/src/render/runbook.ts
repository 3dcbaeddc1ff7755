import { resultText, type Entry } from '@aos/runbooks';

import { oneLine } from '../text/clean.ts';

/** One step of a walk, as it goes. */
export function entryLines(entry: Entry): string[] {
  const { kind, step, what, say } = entry;
  const lines = kind === 'act' ? [] : [`${kind} ${step}: ${oneLine(say)}`, `    ${oneLine(what)}`];
  return [...lines, `    ${oneLine(resultText(entry))}`];
}
