/** How many runs finish in a second, over the last minute. */
export interface DrainRate {
  /** So many runs have ever finished. */
  saw(finished: number, at: number): void;
  /** Undefined before two looks far enough apart. */
  perS(): number | undefined;
}

const WINDOW_MS = 60_000;
const SPAN_MIN_MS = 2_000;

export function createDrainRate(): DrainRate {
  const looks: { readonly finished: number; readonly at: number }[] = [];
  return {
    saw(finished, at) {
      looks.push({ finished, at });
      while (looks[0] && at - looks[0].at > WINDOW_MS) looks.shift();
    },
    perS() {
      const first = looks[0];
      const last = looks.at(-1);
      if (!first || !last || last.at - first.at < SPAN_MIN_MS) return undefined;
      return Math.max(0, (1000 * (last.finished - first.finished)) / (last.at - first.at));
    },
  };
}
