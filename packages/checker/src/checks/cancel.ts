import type { RunCheck } from '../check.ts';

/** A wish to cancel reaches a worker with its next renewal, or the worker loses its lease. */
const REACHES_WITHIN_MS = 6_000;
const ENDS_WITHIN_MS = 60_000;

/** A cancelled run begins nothing more, and a worker that holds it ends it. */
export const cancel: RunCheck = {
  kind: 'run',
  invariant: 'I17',
  *check({ run, events, now }) {
    if (!run.cancelRequestedAt) return;
    const asked = run.cancelRequestedAt.getTime();
    for (const { seq, at, event } of events) {
      if (event.type === 'step.started' && at.getTime() - asked > REACHES_WITHIN_MS) {
        yield `${event.step} began at ${seq}, ${at.getTime() - asked} ms after somebody cancelled.`;
      }
    }
    if (run.status === 'running' && now.getTime() - asked > ENDS_WITHIN_MS) {
      yield `It is still running, ${now.getTime() - asked} ms after somebody cancelled.`;
    }
  },
};
