import { AosError } from '@aos/core';
import type { Response } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_S = 10;
export const REQUESTS_PER_SECOND = 200;

/** Counts the requests of each key in this process; throws `rate_limited` and tells when to come back. */
export function createRateLimit(requestsPerSecond = REQUESTS_PER_SECOND) {
  const points = requestsPerSecond * WINDOW_S;
  const limiter = new RateLimiterMemory({ points, duration: WINDOW_S });
  const policy = `"default";q=${points};w=${WINDOW_S}`;
  return async (keyId: string, response: Response): Promise<void> => {
    const use = await limiter.consume(keyId).catch((refusal: unknown) => {
      if (refusal instanceof RateLimiterRes) return refusal;
      throw refusal;
    });
    const resetS = Math.ceil(use.msBeforeNext / 1000);
    response.set({
      'RateLimit-Policy': policy,
      RateLimit: `"default";r=${use.remainingPoints};t=${resetS}`,
    });
    if (use.consumedPoints > points) {
      throw new AosError('rate_limited', `At most ${points} requests in ${WINDOW_S} s.`, {
        retryAfterMs: use.msBeforeNext,
      });
    }
  };
}
