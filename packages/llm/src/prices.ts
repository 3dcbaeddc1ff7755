/**
 * List prices in US dollars per million tokens, as published on 2026-11-20; `cacheWrite` is the price of
 * the five-minute cache, the only one used here. This table is the one place to change them: check it
 * against the provider's price page, and add a row with a later `validFrom` instead of editing one, so
 * that the cost of an old run stays what it was. Where sources differed, the dearer figure stands.
 */
const prices: readonly Price[] = [
  row('fable-5-2', '2026-11-09', { input: 8, output: 40, cacheRead: 0.2, cacheWrite: 10 }),
  row('fable-5-1', '2026-09-01', { input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5 }),
  row('fable-5', '2026-06-09', { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }),
  row('mythos-5-1', '2026-09-01', { input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5 }),
  row('mythos-5', '2026-06-09', { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }),
  row('opus-5-5', '2026-09-22', { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 }),
  row('opus-5', '2026-07-24', { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  row('opus-4-8', '2026-05-29', { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  row('opus-4-7', '2026-01-01', { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  row('opus-4-6', '2026-01-01', { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  row('opus-4-5', '2026-01-01', { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  row('sonnet-5-5', '2026-09-28', { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
  row('sonnet-5', '2026-06-30', { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
  row('sonnet-4-6', '2026-01-01', { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
  row('sonnet-4-5', '2026-01-01', { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
  row(
    'haiku-5-5',
    '2026-10-07',
    { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 },
    {
      promptTokens: 100_000,
      rates: { input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 },
    },
  ),
  row('haiku-4-5', '2026-01-01', { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 }),
];

export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

interface Price {
  /** What follows `claude-` in the model's name, without its date. */
  readonly family: string;
  readonly validFrom: string;
  readonly rates: Rates;
  /** Rates of a call whose prompt is larger than this. */
  readonly above?: { readonly promptTokens: number; readonly rates: Rates };
}

/**
 * What one call costs in US dollars at a time. A model that the table does not know costs by its dearest
 * row, so that a budget errs on the safe side.
 */
export function costOf(model: string, tokens: Tokens, at: Date): number {
  const { rates: usual, above } = priceOf(model, at.toISOString().slice(0, 10));
  const prompt = tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens;
  const rates = above && prompt > above.promptTokens ? above.rates : usual;
  return (
    (tokens.inputTokens * rates.input +
      tokens.outputTokens * rates.output +
      tokens.cacheReadTokens * rates.cacheRead +
      tokens.cacheWriteTokens * rates.cacheWrite) /
    1_000_000
  );
}

/**
 * Whether nobody sends a bill: a model of one's own behind an address of one's own. A `claude-` name
 * behind such an address is a gateway to the provider, and is billed.
 */
export function isFree(model: string, baseUrl: string): boolean {
  if (/claude/i.test(model)) return false;
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '');
  return (
    /^(localhost|host\.docker\.internal|.*\.(local|internal|localhost))$/i.test(host) ||
    /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+$/.test(host) ||
    /^(::1|f[cd][0-9a-f]{2}:.*|fe80:.*)$/i.test(host) ||
    !/[.:]/.test(host)
  );
}

function priceOf(model: string, day: string): Price {
  const family = familyOf(model);
  const known = prices.filter((price) => price.family === family);
  if (known.length > 0) return latest(known, day);
  const current = [...new Set(prices.map((price) => price.family))].map((name) =>
    latest(
      prices.filter((price) => price.family === name),
      day,
    ),
  );
  return current.reduce((a, b) =>
    b.rates.input + b.rates.output > a.rates.input + a.rates.output ? b : a,
  );
}

/** The last row that is valid on the day; before the first one, the first. */
function latest(rows: readonly Price[], day: string): Price {
  const sorted = rows.toSorted((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
  return sorted.findLast((price) => price.validFrom <= day) ?? (sorted[0] as Price);
}

/** `opus-4-5` of `claude-opus-4-5-20251101` and of `anthropic.claude-opus-4-5`. */
function familyOf(model: string): string | undefined {
  return /claude-([a-z]+-\d{1,2}(?:-\d{1,2})?)(?![\d])/.exec(model)?.[1];
}

function row(family: string, validFrom: string, rates: Rates, above?: Price['above']): Price {
  return { family, validFrom, rates, ...(above && { above }) };
}
