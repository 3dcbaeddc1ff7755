import type { EventWatch } from './event-watch.ts';

/** Resolves when the run has finished, when the time is over, or when nobody waits any more. */
export function waitForEnd(
  watch: EventWatch,
  run: { readonly tenant: string; readonly runId: string },
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      watcher.close();
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    const watcher = watch.watch({ ...run, after: -1 }, (news) => {
      if (news.some(({ event }) => event.type === 'run.finished')) done();
      return true;
    });
    if (signal.aborted) done();
  });
}
