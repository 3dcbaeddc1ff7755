import { parseArgs } from 'node:util';

/** How the program behind `aos autoscale` is called. */
export interface AutoscaleArguments {
  readonly min: number;
  readonly max: number;
  readonly targetAgeMs: number;
  readonly downAfterMs: number;
  readonly graceMs: number;
}

const WORKERS_MAX = 64;

/** Throws a TypeError with a sentence when they are wrong. */
export function parseAutoscaleArguments(args: readonly string[]): AutoscaleArguments {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      min: { type: 'string', default: '1' },
      max: { type: 'string', default: '4' },
      'target-age': { type: 'string', default: '5s' },
      'down-after': { type: 'string', default: '60s' },
      grace: { type: 'string', default: '60s' },
    },
  });
  const parsed = {
    min: wholeNumber('--min', values.min, 0, WORKERS_MAX),
    max: wholeNumber('--max', values.max, 1, WORKERS_MAX),
    targetAgeMs: span('--target-age', values['target-age'], 100, 3_600_000),
    downAfterMs: span('--down-after', values['down-after'], 1_000, 3_600_000),
    graceMs: span('--grace', values.grace, 0, 600_000),
  };
  if (parsed.min > parsed.max) {
    throw new TypeError(
      `--min is ${parsed.min} and --max is ${parsed.max}; --min is to be smaller.`,
    );
  }
  return parsed;
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${name} must be a whole number from ${min} to ${max}.`);
}

const UNITS_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
]);

function span(name: string, text: string, minMs: number, maxMs: number): number {
  const [, count = '', unit = ''] = /^(\d{1,7})(ms|s|m)$/.exec(text) ?? [];
  const value = Number(count) * (UNITS_MS.get(unit) ?? Number.NaN);
  if (value >= minMs && value <= maxMs) return value;
  throw new TypeError(
    `${name} must be a span such as 500ms, 5s or 2m, from ${minMs} ms to ${maxMs / 1000} s.`,
  );
}
