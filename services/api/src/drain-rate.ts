/**
 * How many runs finish in a second: the greater of the last quarter of a minute and the last minute, so
 * that neither a slow start nor a pause between long runs counts for much.
 */
export interface DrainRate {
  /** So many runs have ever finished. */
  saw(finished: number, at: number): void;
  /** Undefined before two looks far enough apart. */
  perS(): number | undefined;
}

const WINDOW_MS = 60_000;
const SHORT_MS = 15_000;
const SPAN_MIN_MS = 2_000;

export function createDrainRate(): DrainRate {
  const looks: { readonly finished: number; readonly at: number }[] = [];
  return {
    saw(finished, at) {
      looks.push({ finished, at });
      while (looks[0] && at - looks[0].at > WINDOW_MS) looks.shift();
    },
    perS() {
      const last = looks.at(-1);
      if (!last) return undefined;
      const lately = looks.find(({ at }) => last.at - at <= SHORT_MS);
      const rates = [looks[0], lately].flatMap((first) =>
        first && last.at - first.at >= SPAN_MIN_MS
          ? [(1000 * (last.finished - first.finished)) / (last.at - first.at)]
          : [],
      );
      return rates.length === 0 ? undefined : Math.max(0, ...rates);
    },
  };
}
