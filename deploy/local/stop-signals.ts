/**
 * Ctrl-C reaches a program several times: from the terminal, from npm and from the bootstrap. Signals this
 * close together are one wish.
 */
const SAME_WISH_MS = 1_000;
const PARENT_CHECK_MS = 500;

export interface StopSignals {
  /** Aborted by the first signal; its reason is the signal's name. */
  readonly stop: AbortSignal;
  dispose(): void;
}

/** Listens for SIGINT, SIGTERM, SIGHUP and the death of the parent. `again` is called at the second wish. */
export function onStopSignals(again: () => void): StopSignals {
  const stop = new AbortController();
  let first = 0;
  const wish = (signal: string): void => {
    if (!stop.signal.aborted) {
      first = Date.now();
      stop.abort(signal);
    } else if (Date.now() - first > SAME_WISH_MS) {
      again();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, wish);
  const parent = process.ppid;
  // The bootstrap may be killed; an orphan launcher would hold the port and the folder for nobody.
  const timer = setInterval(() => {
    if (process.ppid !== parent && !stop.signal.aborted) wish('SIGTERM');
  }, PARENT_CHECK_MS);
  timer.unref();
  return {
    stop: stop.signal,
    dispose() {
      clearInterval(timer);
      for (const signal of signals) process.off(signal, wish);
    },
  };
}
