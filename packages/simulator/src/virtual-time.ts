/** Time that passes only when nothing more can happen now. Tasks of one moment keep their order. */
export interface VirtualTime {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  after(ms: number, task: () => void): Task;
  /** Does one task after the other until `done` says so, or none is left. */
  run(done: () => boolean): Promise<void>;
  readonly tasksDone: number;
}

export interface Task {
  readonly cancel: () => void;
}

interface Planned {
  readonly at: number;
  readonly nth: number;
  work: (() => void) | undefined;
}

export const EPOCH_START = Date.UTC(2026, 0, 1);

export function virtualTime(): VirtualTime {
  const heap: Planned[] = [];
  let now = EPOCH_START;
  let made = 0;
  let tasksDone = 0;

  const step = (done: () => boolean, resolve: () => void, reject: (error: unknown) => void) => {
    const next = pop(heap);
    if (!next || done()) return resolve();
    now = next.at;
    tasksDone++;
    try {
      next.work?.();
    } catch (error) {
      return reject(error);
    }
    // Node takes the next tick only after every promise that can go on has gone on, and nothing is
    // quicker: a turn of the event loop costs ten times as much.
    queueMicrotask(() => process.nextTick(step, done, resolve, reject));
  };

  return {
    now: () => now,
    after(ms, work) {
      const planned: Planned = { at: now + Math.max(0, ms), nth: made++, work };
      push(heap, planned);
      return {
        cancel() {
          planned.work = undefined;
        },
      };
    },
    run: (done) => new Promise((resolve, reject) => process.nextTick(step, done, resolve, reject)),
    get tasksDone() {
      return tasksDone;
    },
  };
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.nth < b.nth);
}

function push(heap: Planned[], planned: Planned): void {
  let at = heap.length;
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Planned;
    if (!isBefore(planned, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = planned;
}

/** The first that was not cancelled. */
function pop(heap: Planned[]): Planned | undefined {
  for (;;) {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last) return undefined;
    if (first !== last) sink(heap, last);
    if (first.work) return first;
  }
}

function sink(heap: Planned[], planned: Planned): void {
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    if (down >= heap.length) break;
    const right = heap[down + 1];
    if (right && isBefore(right, heap[down] as Planned)) down++;
    const child = heap[down] as Planned;
    if (!isBefore(child, planned)) break;
    heap[at] = child;
    at = down;
  }
  heap[at] = planned;
}
