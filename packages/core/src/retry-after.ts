const WAIT_MS_MAX = 24 * 3_600_000;

/** The Retry-After header, seconds or a date, as a wait from now; undefined when it is absent or unreadable. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), WAIT_MS_MAX);
}
