const LOOK_EVERY_MS = 250;

/** Looks until there is something, the time is over, or nobody waits any more. Gives the last look. */
export async function poll<T>(
  look: () => Promise<T>,
  isEnough: (found: T) => boolean,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const end = performance.now() + waitMs;
  for (;;) {
    const found = await look();
    if (isEnough(found) || signal.aborted || performance.now() + LOOK_EVERY_MS > end) return found;
    await pause(signal);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, LOOK_EVERY_MS);
    signal.addEventListener('abort', over);
  });
}
