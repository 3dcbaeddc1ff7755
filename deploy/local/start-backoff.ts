/** Between starts that fail: the wait doubles with each failure, and is forgotten after a while. */
export interface StartBackoff {
  /** Notes a failure; returns how long nothing is started now. */
  failed(): number;
  isOver(): boolean;
}

const BACKOFF_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
const FORGIVEN_AFTER_MS = 300_000;

export function createStartBackoff(now: () => number): StartBackoff {
  let failures = 0;
  let failedAt = 0;
  let notBefore = 0;
  return {
    failed() {
      if (now() - failedAt > FORGIVEN_AFTER_MS) failures = 0;
      failedAt = now();
      const waitMs = Math.min(BACKOFF_MS * 2 ** failures++, BACKOFF_MAX_MS);
      notBefore = now() + waitMs;
      return waitMs;
    },
    isOver: () => now() >= notBefore,
  };
}
