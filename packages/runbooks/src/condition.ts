import type { Value } from './runbook.ts';

/** What is known by its name. A name that is not in it, or is undefined, could not be read. */
export type Names = ReadonlyMap<string, Value | undefined>;

/** Undefined: it cannot be told, since a value it turns on could not be read. */
export type Verdict = boolean | undefined;

export interface Condition {
  /** The names it speaks of. */
  readonly names: readonly string[];
  holds(names: Names): Verdict;
}

const TOKEN =
  /\s*(?:(?<number>-?\d+(?:\.\d+)?)|'(?<text>[^']*)'|(?<word>[a-z][a-z0-9_]*)|(?<sign>==|!=|<=|>=|<|>|\(|\)))/gy;

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'sign';
  readonly text: string;
}

type Operand = (names: Names) => Value | undefined;
type Test = (names: Names) => Verdict;

/**
 * `queued > 100 and (pool == 0 or pool == none)`: comparisons of names with names, numbers, 'texts', true,
 * false and none. Throws a TypeError with a sentence when it is none.
 */
export function parseCondition(source: string): Condition {
  const parser = createParser(tokensOf(source));
  const holds = parser.either();
  parser.end();
  return { names: [...new Set(parser.names)], holds };
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const text = source.trimEnd();
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) throw new TypeError(`"${text.slice(at)}" is no part of a condition.`);
    const kind = (['number', 'text', 'word', 'sign'] as const).find(
      (name) => groups[name] !== undefined,
    );
    if (kind) tokens.push({ kind, text: groups[kind] ?? '' });
  }
  return tokens;
}

function createParser(tokens: readonly Token[]) {
  let at = 0;
  const names: string[] = [];
  const taken = (...texts: string[]): string | undefined => {
    const token = tokens[at];
    if (!token || token.kind === 'text' || !texts.includes(token.text)) return undefined;
    at += 1;
    return token.text;
  };
  const either = (): Test => {
    const parts = [both()];
    while (taken('or')) parts.push(both());
    return (known) => any(parts.map((part) => part(known)));
  };
  const both = (): Test => {
    const parts = [single()];
    while (taken('and')) parts.push(single());
    return (known) => not(any(parts.map((part) => not(part(known)))));
  };
  const single = (): Test => {
    if (taken('not')) {
      const inner = single();
      return (known) => not(inner(known));
    }
    if (!taken('(')) return comparison();
    const inner = either();
    if (!taken(')')) throw new TypeError('A bracket is not closed.');
    return inner;
  };
  const comparison = (): Test => {
    const left = operand();
    const sign = taken('==', '!=', '<=', '>=', '<', '>');
    if (!sign) throw new TypeError('After a value comes ==, !=, <, <=, > or >=.');
    const right = operand();
    return (known) => compare(left(known), sign, right(known));
  };
  const operand = (): Operand => {
    const token = tokens[at++];
    if (token?.kind === 'number') return () => Number(token.text);
    if (token?.kind === 'text') return () => token.text;
    if (token?.kind !== 'word' || ['and', 'or', 'not'].includes(token.text)) {
      throw new TypeError(
        `A value is missing${token ? ` before "${token.text}"` : ' at the end'}.`,
      );
    }
    if (token.text === 'none') return () => null;
    if (token.text === 'true' || token.text === 'false') return () => token.text === 'true';
    names.push(token.text);
    return (known) => known.get(token.text);
  };
  const end = (): void => {
    const token = tokens[at];
    if (token) throw new TypeError(`"${token.text}" is too much.`);
  };
  return { names, either, end };
}

function any(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(true)) return true;
  return verdicts.includes(undefined) ? undefined : false;
}

function not(verdict: Verdict): Verdict {
  return verdict === undefined ? undefined : !verdict;
}

/** Only numbers are smaller or larger than numbers. A number given as text, as variables are, is one. */
function compare(left: Value | undefined, sign: string, right: Value | undefined): Verdict {
  if (left === undefined || right === undefined) return undefined;
  const [a, b] = [numberOf(left), numberOf(right)];
  const numbers = a !== undefined && b !== undefined;
  if (sign === '==') return numbers ? a === b : left === right;
  if (sign === '!=') return numbers ? a !== b : left !== right;
  if (!numbers) return false;
  if (sign === '<') return a < b;
  if (sign === '<=') return a <= b;
  return sign === '>' ? a > b : a >= b;
}

function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}
