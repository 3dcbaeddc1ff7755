import type { RunCheck } from '../check.ts';

/** The row of a run says what the last words of its journal say. */
export const runState: RunCheck = {
  kind: 'run',
  invariant: 'I9',
  *check({ run, events, steps, plans }) {
    const last = events.findLast(({ event }) => ENDS.has(event.type))?.event;
    if (run.status === 'finished' && last?.type === 'run.finished') {
      if (run.outcome !== last.outcome)
        yield `It is ${run.outcome}; its journal says ${last.outcome}.`;
      const code = last.failure?.code ?? null;
      if (run.outcome === 'failed' && run.failureCode !== code) {
        yield `It failed with ${run.failureCode}; its journal says ${code}.`;
      }
    }
    // A pause may find it in the queue, where nobody writes its journal.
    const rests = run.status === 'waiting' && run.waitingFor === 'pause';
    if (run.status === 'waiting' && !rests && last?.type !== 'run.waiting') {
      yield 'It waits, and its journal does not say so.';
    } else if (run.status === 'waiting' && !rests && last?.type === 'run.waiting') {
      if (run.waitingFor !== last.waitingFor) {
        yield `It waits for ${run.waitingFor}; its journal says ${last.waitingFor}.`;
      }
    }
    if (run.outcome !== 'succeeded') return;
    const settled = new Set(
      steps.filter(({ status }) => SETTLED.has(status)).map(({ key }) => key),
    );
    for (const { key } of plans.at(-1)?.plan.steps ?? []) {
      if (!settled.has(key)) yield `It succeeded without ${key}.`;
    }
  },
};

const ENDS: ReadonlySet<string> = new Set([
  'run.waiting',
  'run.released',
  'run.finished',
  'run.started',
]);
const SETTLED: ReadonlySet<string> = new Set(['completed', 'failed', 'skipped']);
