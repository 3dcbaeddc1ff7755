import { failures, type Failure } from './failures.ts';
import type { Retry } from './plan.ts';

const ATTEMPTS = 3;
const DELAY_MS = 500;
const DELAY_MAX_MS = 60_000;
/** Whatever the other side asks for: it must not put a run to sleep for years. */
const RETRY_AFTER_MAX_MS = 86_400_000;

/**
 * How long to wait before the next attempt, or undefined when another one is no use.
 *
 * Full jitter: retries of many runs must not land on the same second. A Retry-After is the least wait,
 * with jitter on top, since everybody was told the same.
 */
export function retryDelayMs(
  failure: Failure,
  attempt: number,
  retry: Retry = {},
  random: () => number = Math.random,
): number | undefined {
  const attempts = retry.attempts ?? ATTEMPTS;
  if (!failures[failure.code].retryable || attempt >= attempts) return undefined;
  const first = retry.delayMs ?? DELAY_MS;
  const ceiling = Math.min(first * 2 ** (attempt - 1), retry.delayMaxMs ?? DELAY_MAX_MS);
  const asked = failure.retryAfterMs ?? 0;
  const least = asked > 0 ? Math.min(asked, RETRY_AFTER_MAX_MS) : 0;
  return Math.round(least + random() * ceiling);
}
