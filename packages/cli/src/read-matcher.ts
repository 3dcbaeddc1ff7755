import type { Matcher } from './alertmanager.ts';
import { usageError } from './command-error.ts';

/** What alerts a silence is about: `name=value`, `name!=value`, `name=~pattern` or `name!~pattern`. */
export function readMatcher(text: string): Matcher {
  const parts = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*([^]*)$/.exec(text);
  if (!parts) {
    throw usageError(
      `--matcher needs a label and a value, such as skill=http_request or skill=~"http_.*", not ${JSON.stringify(text)}.`,
    );
  }
  const [, name = '', operator = '', raw = ''] = parts;
  const value = /^"[^]*"$/.test(raw) ? raw.slice(1, -1) : raw;
  return { name, value, isRegex: operator.endsWith('~'), isEqual: !operator.startsWith('!') };
}

/** The same, as people write it. */
export function matcherWords({ name, value, isRegex, isEqual }: Matcher): string {
  const operator = (isEqual === false ? '!' : '=') + (isRegex ? '~' : isEqual === false ? '=' : '');
  return `${name}${operator}"${value}"`;
}
