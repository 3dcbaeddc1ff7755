/** `skip`: it could not be looked at, and why. */
export const verdicts = ['ok', 'warn', 'fail', 'skip'] as const;
export type Verdict = (typeof verdicts)[number];

/** What one look at an installation found. */
export interface Finding {
  /** What was looked at, such as `durability`. */
  readonly check: string;
  readonly verdict: Verdict;
  /** A sentence of what is so. */
  readonly detail: string;
  /** What to do about it; with `warn` and `fail`. */
  readonly advice?: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail };
}

export function warn(check: string, detail: string, advice: string): Finding {
  return { check, verdict: 'warn', detail, advice };
}

export function fail(check: string, detail: string, advice: string): Finding {
  return { check, verdict: 'fail', detail, advice };
}

export function skip(check: string, detail: string): Finding {
  return { check, verdict: 'skip', detail };
}
