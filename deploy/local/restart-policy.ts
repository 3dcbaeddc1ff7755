const RESTARTS_MAX = 5;
const WINDOW_MS = 60_000;

/** Decides whether what died is started again. */
export interface RestartPolicy {
  /** How long to wait before the next start; undefined when it has died too often. */
  nextWaitMs(): number | undefined;
}

/** At most five restarts in a minute, each after twice the wait of the one before. */
export function createRestartPolicy(
  backoffMs: number,
  now: () => number = Date.now,
): RestartPolicy {
  let recent: number[] = [];
  return {
    nextWaitMs() {
      recent = recent.filter((at) => now() - at <= WINDOW_MS);
      if (recent.length >= RESTARTS_MAX) return undefined;
      recent.push(now());
      return backoffMs * 2 ** (recent.length - 1);
    },
  };
}
