/** Words of PromQL that are no metrics, when no bracket follows them. */
const WORDS = new Set(
  'and or unless bool offset on ignoring group_left group_right by without inf nan atan2'.split(
    ' ',
  ),
);

/**
 * The metric names in an expression: what is left of its identifiers when texts, label matchers, ranges,
 * lists of labels, functions and operators are taken away.
 */
export function metricNames(query: string): string[] {
  const bare = query
    .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ')
    .replaceAll(/\boffset\s+\w+/gi, ' ');
  const names = [...bare.matchAll(/(?<![\w.:])([a-zA-Z_:][\w:]*)(?![\w:])(?!\s*\()/g)]
    .map(([, name = '']) => name)
    .filter((name) => !WORDS.has(name.toLowerCase()));
  return [...new Set(names)];
}
