import { parseDocument, visit, isScalar, type Pair } from 'yaml';

/** A threshold that a drill cannot reach as it is. It is told with the drill. */
export interface Override {
  /** The alert or the recording rule. */
  readonly rule: string;
  /** A part of its expression that occurs once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export interface Compression {
  readonly factor: number;
  readonly overrides?: readonly Override[];
}

/** What waits for a rule to hold is never shorter: one look must not be enough. */
const WAIT_MIN_MS = 1_000;
/** Holds several scrapes of a stack that scrapes each second, even when one comes late. */
const RANGE_MIN_MS = 4_000;

const WAITS = ['for', 'keep_firing_for', 'interval'];

/**
 * A rule file whose every span of time is so many times shorter: `for`, `keep_firing_for`, the interval of a
 * group, ranges, steps of subqueries, offsets and the horizon of predict_linear. Thresholds stay as they are,
 * unless an override names them.
 */
export function compressRules(text: string, { factor, overrides = [] }: Compression): string {
  if (!(factor >= 1)) throw new TypeError(`The factor must be 1 or more, not ${factor}.`);
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault) throw new TypeError(`The rules cannot be read: ${fault.message}`);
  visit(document, {
    Pair(_, pair) {
      const key = keyOf(pair);
      if (!isScalar(pair.value)) return;
      const value = String(pair.value.value);
      if (WAITS.includes(key)) pair.value.value = shorter(value, factor, WAIT_MIN_MS);
      if (key === 'expr') pair.value.value = compressExpression(value, factor);
    },
    Map(_, map) {
      const name = map.get('alert') ?? map.get('record');
      for (const override of overrides.filter(({ rule }) => rule === name)) {
        map.set('expr', overridden(String(map.get('expr')), override));
      }
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** The spans of an expression. What stands in quotes is left alone. */
export function compressExpression(expression: string, factor: number): string {
  return outsideQuotes(shorterHorizons(expression, factor), (part) =>
    part
      .replaceAll(/\[\s*([^\]:]+?)\s*(?::\s*([^\]]*?)\s*)?\]/g, (whole, range: string, step) => {
        const length = shorter(range, factor, RANGE_MIN_MS);
        if (!whole.includes(':')) return `[${length}]`;
        return `[${length}:${step ? shorter(String(step), factor, WAIT_MIN_MS) : ''}]`;
      })
      .replaceAll(
        /\b(offset\s+-?\s*)((?:\d+(?:ms|[smhdwy]))+)/gi,
        (_, before: string, span: string) => before + shorter(span, factor, WAIT_MIN_MS),
      ),
  );
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function overridden(expression: string, { rule, from, to }: Override): string {
  const [before, after, ...more] = expression.split(from);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new TypeError(`The expression of ${rule} must have "${from}" once: ${expression}`);
  }
  return before + to + after;
}

function outsideQuotes(text: string, change: (part: string) => string): string {
  return text
    .split(/("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)/)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}

/** predict_linear(v, t) looks t seconds ahead. */
function shorterHorizons(expression: string, factor: number): string {
  const name = 'predict_linear(';
  const at = expression.indexOf(name);
  if (at < 0) return expression;
  const begin = at + name.length;
  const { comma, end } = lastArgument(expression, begin);
  const inner = shorterHorizons(expression.slice(begin, comma), factor);
  const seconds = expression.slice(comma + 1, end).trim();
  const rest = shorterHorizons(expression.slice(end), factor);
  return `${expression.slice(0, begin)}${inner}, (${seconds}) / ${factor}${rest}`;
}

/** Where the last argument of a call begins, and where the call ends. */
function lastArgument(expression: string, begin: number): { comma: number; end: number } {
  let depth = 0;
  let comma = -1;
  let quote = '';
  for (let at = begin; at < expression.length; at++) {
    const character = expression[at] ?? '';
    if (quote) {
      if (character === '\\' && quote !== '`') at++;
      else if (character === quote) quote = '';
    } else if (`"'\``.includes(character)) quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (character === ',' && depth === 0) comma = at;
    else if (')]}'.includes(character) && depth-- === 0) {
      if (comma >= 0) return { comma, end: at };
      break;
    }
  }
  throw new TypeError(`predict_linear needs two arguments: ${expression}`);
}

const UNIT_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;

/** Never longer than it was. */
function shorter(span: string, factor: number, minMs: number): string {
  const ms = readSpan(span);
  return `${Math.min(ms, Math.max(minMs, Math.round(ms / factor)))}ms`;
}

function readSpan(span: string): number {
  if (span === '0') return 0;
  if (!/^(\d+(ms|[smhdwy]))+$/.test(span)) throw new TypeError(`"${span}" is no span of time.`);
  const parts = [...span.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
}
