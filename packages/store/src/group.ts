/**
 * Group commit: what arrives while a lane is busy shares the lane's next commit. There is no timer: an
 * idle lane flushes at the end of the current turn of the event loop.
 */
export interface Group<T, R> {
  /** Resolves with the result of the commit that held the item, and rejects with its error. */
  add(item: T): Promise<R>;
  /** Resolves once everything added has been flushed. */
  drained(): Promise<void>;
}

export interface GroupOptions<T, R> {
  readonly lanes: number;
  readonly batchMax: number;
  /** Items of one lane are flushed in the order they were added. */
  readonly laneOf: (item: T) => number;
  /** Results in the order of the items. */
  readonly flush: (items: readonly T[], lane: number) => Promise<readonly R[]>;
  readonly soon?: (work: () => void) => void;
}

interface Entry<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane<T, R> {
  entries: Entry<T, R>[];
  busy: boolean;
}

export function createGroup<T, R>(options: GroupOptions<T, R>): Group<T, R> {
  const lanes = Array.from({ length: options.lanes }, (): Lane<T, R> => ({
    entries: [],
    busy: false,
  }));
  let idle: (() => void)[] = [];

  const run = async (lane: Lane<T, R>, index: number): Promise<void> => {
    while (lane.entries.length > 0) {
      const batch = lane.entries.splice(0, options.batchMax);
      try {
        const results = await options.flush(
          batch.map(({ item }) => item),
          index,
        );
        for (const [at, entry] of batch.entries()) entry.resolve(results[at] as R);
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
    lane.busy = false;
    if (lanes.every(({ busy }) => !busy)) {
      for (const resolve of idle) resolve();
      idle = [];
    }
  };

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        const index = options.laneOf(item) % options.lanes;
        const lane = lanes[index] as Lane<T, R>;
        lane.entries.push({ item, resolve, reject });
        if (lane.busy) return;
        lane.busy = true;
        (options.soon ?? soon)(() => void run(lane, index));
      }),
    drained: () =>
      lanes.every(({ busy }) => !busy)
        ? Promise.resolve()
        : new Promise((resolve) => idle.push(resolve)),
  };
}

function soon(work: () => void): void {
  setImmediate(work);
}
