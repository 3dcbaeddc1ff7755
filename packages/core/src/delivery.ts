import type { Failure } from './failures.ts';

/** How an attempt to tell an address of an event ended: with an answer, or without one. */
export type AttemptResult =
  { readonly status: number; readonly retryAfterMs?: number } | { readonly failure: Failure };

/** What follows from an attempt. `gone`: the address said that it will never take anything again. */
export type DeliveryStep =
  | { readonly next: 'delivered' }
  | { readonly next: 'retry'; readonly at: Date }
  | { readonly next: 'dead'; readonly gone: boolean };

const FIRST_DELAY_MS = 5_000;
const DELAY_MAX_MS = 3_600_000;
const HTTP_GONE = 410;

/**
 * Any 2xx is a delivery; 410 ends it for good. Everything else is tried again, with a growing pause of
 * which half is random, until the delivery expires: an address that was down for hours is told all the same.
 */
export function afterAttempt(
  delivery: { readonly attempts: number; readonly expiresAt: Date },
  result: AttemptResult,
  now: Date,
  random: () => number = Math.random,
): DeliveryStep {
  if ('status' in result && result.status >= 200 && result.status < 300) {
    return { next: 'delivered' };
  }
  if ('status' in result && result.status === HTTP_GONE) return { next: 'dead', gone: true };
  const pause = Math.min(FIRST_DELAY_MS * 3 ** (delivery.attempts - 1), DELAY_MAX_MS);
  const asked = Math.min(('status' in result && result.retryAfterMs) || 0, DELAY_MAX_MS);
  const waitMs = Math.max(asked, Math.round(pause * (0.5 + random() / 2)));
  const at = new Date(now.getTime() + waitMs);
  return at <= delivery.expiresAt ? { next: 'retry', at } : { next: 'dead', gone: false };
}
