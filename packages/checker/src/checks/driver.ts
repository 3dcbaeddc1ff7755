import type { RunCheck, RunHistory } from '../check.ts';

/** Leases, rescues and the backstop need so long; what is not driven for longer is lost. */
const GRACE_MS = 30_000;

/** Whatever is not finished has a live worker, a job, or a human who has not decided or resumed it yet. */
export const driver: RunCheck = {
  kind: 'run',
  invariant: 'I1',
  *check(history) {
    const { run } = history;
    switch (run.status) {
      case 'finished':
        return;
      case 'running':
        yield* running(history);
        return;
      case 'queued':
        if (!isWaitingJob(run.jobState)) yield `It is queued and has ${jobOf(run.jobState)}.`;
        return;
      case 'waiting':
        yield* waiting(history);
    }
  },
};

function* running({ run, now }: RunHistory): Generator<string> {
  const alive = run.workerState === 'live' || run.workerState === 'stopping';
  const deadMs = now.getTime() - (run.workerLeaseUntil?.getTime() ?? run.createdAt.getTime());
  if ((alive && deadMs <= GRACE_MS) || (!alive && deadMs <= 0)) return;
  if (deadMs > GRACE_MS) yield `It is held by a worker that is ${run.workerState ?? 'not there'}.`;
}

function* waiting({ run, approvals, now }: RunHistory): Generator<string> {
  if (isWaitingJob(run.jobState)) {
    // A job that comes later than the wait ends is as good as none.
    const lateMs = (run.jobStartAfter?.getTime() ?? 0) - (run.wakeAt?.getTime() ?? Infinity);
    if (lateMs > GRACE_MS) yield 'Its job comes later than its wait ends.';
    return;
  }
  if (run.wakeAt) {
    if (now.getTime() - run.wakeAt.getTime() > GRACE_MS)
      yield 'Its wait is over, and it has no job.';
    else yield 'It waits for a time and has no job.';
  } else if (run.waitingFor !== 'pause' && approvals.every(({ decision }) => decision !== null)) {
    yield `It waits for ${run.waitingFor}, but no decision is open and it has no job.`;
  }
}

function isWaitingJob(state: string | null): boolean {
  return state === 'created' || state === 'retry';
}

function jobOf(state: string | null): string {
  return state === null ? 'no job' : `a job that is ${state}`;
}
