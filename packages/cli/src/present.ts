import type { Context } from './context.ts';
import { cleanJson, inertJson } from './text/clean.ts';

/**
 * The one way from the API to the screen: with `--json` the value as it is, else what `render` makes of it
 * after everything a terminal would obey has been taken out.
 */
export function present<T>(
  context: Context,
  value: T,
  render: (cleaned: T) => readonly string[],
): void {
  const text = context.json ? inertJson(value) : render(cleanJson(value)).join('\n');
  context.out.write(`${text}\n`);
}
