import { STALLS_MAX, type ClaimedRun, type Failure } from '@aos/core';

import type { Clock, Control } from './ports.ts';

/** Why a run may not go on. */
export type Stop =
  | { readonly kind: 'lost' }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'cancelled'; readonly by: string }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'paused'; readonly by: string }
  | { readonly kind: 'stopping' };

/** The first reason that holds, the gravest first. */
export function stopOf(
  run: ClaimedRun,
  control: Control,
  failed: AbortSignal,
  clock: Clock,
): Stop | undefined {
  if (control.lost.aborted) return { kind: 'lost' };
  if (failed.aborted) return { kind: 'error', error: failed.reason };
  if (run.cancelledBy !== undefined) return { kind: 'cancelled', by: run.cancelledBy };
  if (control.cancel.aborted) return { kind: 'cancelled', by: String(control.cancel.reason) };
  if (run.expiresAt && run.startedAt > run.expiresAt) {
    return {
      kind: 'failed',
      failure: {
        code: 'run_expired',
        detail: `Nobody started the run before ${run.expiresAt.toISOString()}.`,
      },
    };
  }
  if (run.stalls >= STALLS_MAX) {
    const detail = `${run.stalls} workers in a row died while they executed it.`;
    return { kind: 'failed', failure: { code: 'run_poisoned', detail } };
  }
  if (run.deadlineAt && run.deadlineAt <= clock.now()) {
    return {
      kind: 'failed',
      failure: {
        code: 'run_timed_out',
        detail: `The run did not end before its deadline, ${run.deadlineAt.toISOString()}.`,
      },
    };
  }
  const pausedBy = run.pausedBy ?? control.pausedBy?.();
  if (pausedBy !== undefined) return { kind: 'paused', by: pausedBy };
  if (control.stop.aborted) return { kind: 'stopping' };
  return undefined;
}

/** A single sleep may end early: timers are bounded. */
async function reach(clock: Clock, moment: Date, over: AbortSignal): Promise<void> {
  while (!over.aborted && clock.now() < moment) {
    await clock.sleep(moment.getTime() - clock.now().getTime(), over);
  }
}

/**
 * One signal for everything that cuts what is under way, the deadline included. Its own listeners and not
 * `AbortSignal.any`, which costs several times as much for each run.
 */
export function stopSignals(
  clock: Clock,
  run: ClaimedRun,
  control: Control,
  failed: AbortSignal,
): Disposable & { readonly abort: AbortSignal } {
  const cut = new AbortController();
  const causes = [control.cancel, control.hurry, control.lost, failed];
  const onCause = (): void => cut.abort('cut');
  for (const cause of causes) {
    if (cause.aborted) onCause();
    else cause.addEventListener('abort', onCause);
  }
  const over = new AbortController();
  if (run.deadlineAt) {
    void reach(clock, run.deadlineAt, over.signal).then(() => {
      if (!over.signal.aborted) onCause();
    });
  }
  return {
    abort: cut.signal,
    [Symbol.dispose]() {
      for (const cause of causes) cause.removeEventListener('abort', onCause);
      over.abort('done');
    },
  };
}
