import { usageError } from './command-error.ts';

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A point in time: RFC 3339, a date, or a span such as `2h` before (-1) or after (1) now. */
export function readTime(text: string, direction: -1 | 1, now: number, option: string): string {
  const span = /^\+?(\d{1,6})([smhd])$/.exec(text.trim());
  if (span) {
    const ms = Number(span[1]) * (unitsMs.get(span[2] ?? '') ?? 0);
    return new Date(now + direction * ms).toISOString();
  }
  const at = /^\d{4}-\d{2}-\d{2}/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw usageError(
    `${option} needs a time such as 2026-05-01T09:00:00Z, or a span such as 30m, 2h or 7d.`,
  );
}

export function readInteger(text: string, option: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && text.trim() !== '') return value;
  throw usageError(`${option} needs a whole number, not ${JSON.stringify(text)}.`);
}
