import { newId, uuidOf, type Change, type ClaimedRun, type Failure } from '@aos/core';
import { openJournal, openQueue, take, workers, type Claim, type Database } from '@aos/store';

/** A worker that does every run at once, as the test judges it. */
export interface Machine extends AsyncDisposable {
  /** Runs it did, in their order. */
  readonly done: string[];
}

/** What becomes of a run: undefined succeeds. Every run of these tests has the one step `say`. */
export type Judge = (run: ClaimedRun) => Failure | undefined;

const POLL_MS = 10;

export async function startMachine(owner: Database, judge: Judge): Promise<Machine> {
  const uuid = uuidOf('worker', newId('worker')) as string;
  const queue = await openQueue(owner, { maintain: false, onError: () => {} });
  const journal = openJournal(owner, queue, { workerUuid: uuid });
  await workers.register(owner, {
    uuid,
    host: 'here',
    pid: 1,
    version: '0.0.0',
    slots: 100,
    skills: [],
    processId: uuid,
    quarantine: false,
  });
  await owner.query(
    `update aos.workers set lease_until = now() + interval '1 hour' where id = $1`,
    [uuid],
  );
  const done: string[] = [];
  const stop = new AbortController();
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const claims = await take(owner, queue, uuid, 100);
      await Promise.all(claims.map((claim) => journal.commit(claim, endOf(claim, judge))));
      done.push(...claims.map(({ run }) => run.id));
      if (claims.length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const working = work();
  return {
    done,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await working;
      await journal.drained();
      await queue.stop();
    },
  };
}

function endOf({ run }: Claim, judge: Judge): Change {
  const failure = judge(run);
  const [step] = run.plan?.plan.steps ?? [];
  const record = {
    key: step?.key ?? 'say',
    skill: step?.skill ?? 'echo',
    skillVersion: '1.0.0',
    effect: 'pure',
    attempt: 1,
    startedAt: new Date(),
    finishedAt: new Date(),
  } as const;
  if (!failure) {
    return {
      events: [{ type: 'run.finished', outcome: 'succeeded', durationMs: 1 }],
      steps: [{ ...record, status: 'completed', output: { text: 'done' } }],
      next: { status: 'finished', outcome: 'succeeded' },
    };
  }
  return {
    events: [{ type: 'run.finished', outcome: 'failed', durationMs: 1, failure }],
    steps: [{ ...record, status: 'failed', failure }],
    next: { status: 'finished', outcome: 'failed', failureCode: failure.code },
  };
}

/** Waits until the question has an answer. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (const begun = performance.now(); performance.now() - begun < 60_000;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('It has not happened within a minute.');
}
