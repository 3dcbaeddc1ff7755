export interface Slots {
  /** Waits for a free slot; disposing it frees it. Rejects when the signal is aborted first. */
  take(signal: AbortSignal): Promise<Disposable>;
}

/** At most `count` at a time, in the order they asked. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting = new Set<() => void>();

  const release = (): void => {
    const [next] = waiting;
    if (next) next();
    else free += 1;
  };
  const slot = (): Disposable => {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) release();
        held = false;
      },
    };
  };

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return slot();
      }
      const turn = Promise.withResolvers<void>();
      const go = (): void => {
        waiting.delete(go);
        turn.resolve();
      };
      const leave = (): void => {
        if (waiting.delete(go)) turn.reject(signal.reason as Error);
      };
      waiting.add(go);
      signal.addEventListener('abort', leave, { once: true });
      try {
        await turn.promise;
        return slot();
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
  };
}
