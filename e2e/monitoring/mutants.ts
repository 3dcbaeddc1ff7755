import type { Rule } from './rule-file.ts';

/** A rule with one thing wrong. */
export interface Mutant {
  readonly what: string;
  readonly original: Rule;
  readonly rule: Rule;
}

/** Every way to get this rule wrong that we know: a test must turn red for each. */
export function mutantsOf(rule: Rule): Mutant[] {
  const exprs = [
    ...flippedComparisons(rule.expr),
    ...movedNumbers(rule),
    ...droppedMatchers(rule.expr),
    ...droppedLabels(rule.expr),
    ...otherAggregations(rule.expr),
    ...droppedConditions(rule.expr),
  ].map(({ what, expr }) => ({ what, original: rule, rule: { ...rule, expr } }));
  return [...exprs, ...otherLines(rule)];
}

interface Change {
  readonly what: string;
  readonly expr: string;
}

const FLIPPED: Readonly<Record<string, string>> = {
  '>': '<',
  '<': '>',
  '>=': '<=',
  '<=': '>=',
  '==': '!=',
  '!=': '==',
};

function flippedComparisons(expr: string): Change[] {
  return at(expr, / (>=|<=|==|!=|>|<) /g, ([, found = '']) => [
    { what: `${found} flipped`, text: ` ${FLIPPED[found]} ` },
  ]);
}

/** Ten times as much, and a tenth; ten instead of nothing. Where nothing is compared, nothing is moved. */
function movedNumbers({ kind, expr }: Rule): Change[] {
  if (kind === 'alert' && !/[<>]|==|!=/.test(expr)) return [];
  return at(expr, /(?<![\w."[])\d+(?:\.\d+)?(?![\w."\]])/g, ([found]) =>
    (Number(found) === 0 ? [10] : [Number(found) * 10, Number(found) / 10]).map((next) => ({
      what: `${found} is ${next}`,
      text: String(next),
    })),
  );
}

function droppedMatchers(expr: string): Change[] {
  return at(expr, /\{([^}]*)\}/g, ([, body = '']) => {
    const matchers = body.split(',');
    return matchers.map((matcher) => ({
      what: `${matcher} dropped`,
      text: `{${matchers.filter((other) => other !== matcher).join(',')}}`,
    }));
  });
}

function droppedLabels(expr: string): Change[] {
  return at(expr, /\b(by|on) \(([^)]+)\)/g, ([, word = '', body = '']) => {
    const labels = body.split(/, */);
    return labels.map((label) => {
      const left = labels.filter((other) => other !== label);
      return { what: `${word} ${label} dropped`, text: `${word} (${left.join(', ')})` };
    });
  });
}

/** What would be wrong with several replicas. */
const OTHER: Readonly<Record<string, string>> = { max: 'sum', min: 'max', sum: 'max' };

function otherAggregations(expr: string): Change[] {
  return at(expr, /\b(max|min|sum)(?=\(| by)/g, ([found]) => [
    { what: `${found} is ${OTHER[found]}`, text: OTHER[found] ?? '' },
  ]);
}

/** A condition that was forgotten: each side of `and`, `unless` and `or` outside of parentheses. */
function droppedConditions(expr: string): Change[] {
  const parts = splitOutside(expr);
  return parts.flatMap(({ word }, index) => {
    const rest = parts.filter((_, other) => other !== index);
    // Without its first side an `unless` has nothing to say.
    if (rest.length === 0 || (index === 0 && rest[0]?.word.startsWith('unless'))) return [];
    const kept = rest.map((part, n) => (n === 0 ? part.text : `${part.word} ${part.text}`));
    return [{ what: `${word || 'the first'} side ${index + 1} dropped`, expr: kept.join(' ') }];
  });
}

function splitOutside(expr: string): { readonly word: string; readonly text: string }[] {
  const parts = [{ word: '', text: '' }];
  let depth = 0;
  for (const token of expr.split(/( (?:and|unless|or)(?: on \([^)]*\))? |[()])/)) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (depth === 0 && /^ (and|unless|or)\b/.test(token)) {
      parts.push({ word: token.trim(), text: '' });
      continue;
    }
    const last = parts.at(-1);
    if (last) last.text += token;
  }
  return parts;
}

function otherLines(original: Rule): Mutant[] {
  return original.lines.flatMap((line, index) => {
    const mutant = (what: string, ...next: readonly string[]): Mutant => ({
      what,
      original,
      rule: { ...original, lines: original.lines.toSpliced(index, 1, ...next) },
    });
    if (/^ {8}for: /.test(line)) return [mutant('for dropped')];
    const severity = /severity: (\w+)/.exec(line)?.[1];
    if (severity === undefined) return [];
    const other = severity === 'critical' ? 'warning' : 'critical';
    return [mutant(`severity ${other}`, line.replace(severity, other))];
  });
}

/** One change for each text that may stand in the place of each match. */
function at(
  expr: string,
  pattern: RegExp,
  replacements: (
    match: RegExpExecArray,
  ) => readonly { readonly what: string; readonly text: string }[],
): Change[] {
  return [...expr.matchAll(pattern)].flatMap((match) =>
    replacements(match).map(({ what, text }) => ({
      what: `${what} at ${match.index}`,
      expr: expr.slice(0, match.index) + text + expr.slice(match.index + match[0].length),
    })),
  );
}
