/** Lets a loop sleep until somebody rings, or some time has passed. A ring while it is awake is kept. */
export interface Bell {
  readonly ring: () => void;
  /** Rings up to now are forgotten; those from now on end the next sleep at once. */
  hush(): void;
  sleep(ms: number): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    hush() {
      rung = false;
    },
    async sleep(ms) {
      if (rung) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    },
  };
}
