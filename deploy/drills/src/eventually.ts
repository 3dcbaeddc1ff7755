import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

export interface Waiting {
  /** In the words after "It did not happen that". */
  readonly what: string;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** Looks until it sees something; fails with a sentence when the time is over. */
export async function eventually<T>(
  { what, limitMs, signal }: Waiting,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > until) {
      throw new Error(`It did not happen within ${limitMs / 1000} s that ${what}.`);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
