import { AosError } from '@aos/core';

const EXAMPLE =
  'Fetch https://example.com, extract the headings and links, summarize them, save the summary to summary.md.';
const QUOTE_CHARS_MAX = 40;
const QUOTES_MAX = 8;
const UNDERSTOOD_CHARS_MAX = 200;

/** A refusal that says why, what was understood, and what would work. */
export function refusal(reason: string, understood = '', example = EXAMPLE): AosError {
  const heard = understood ? ` Understood so far: ${cut(understood, UNDERSTOOD_CHARS_MAX)}.` : '';
  return new AosError('goal_not_plannable', `${reason}${heard} This works: “${example}”`);
}

/** Words of the goal as a bounded list in quotation marks. */
export function quoteList(words: readonly string[]): string {
  const distinct = [...new Set(words)];
  const shown = distinct.slice(0, QUOTES_MAX).map((word) => `“${cut(word, QUOTE_CHARS_MAX)}”`);
  const rest = distinct.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

function cut(text: string, charsMax: number): string {
  // Half a character at the cut would be no text.
  const start = text.slice(0, charsMax).replace(/[\uD800-\uDBFF]$/, '');
  return text.length > charsMax ? `${start}…` : text;
}
