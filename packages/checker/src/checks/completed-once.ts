import type { RunCheck } from '../check.ts';

/** A step completes once, and after that nothing is told of it. */
export const completedOnce: RunCheck = {
  kind: 'run',
  invariant: 'I4',
  *check({ events }) {
    const completed = new Map<string, number>();
    for (const { seq, event } of events) {
      if (!('step' in event)) continue;
      const before = completed.get(event.step);
      if (before !== undefined && event.type !== 'approval.decided') {
        yield `${event.step}: ${event.type} at ${seq}, completed at ${before}.`;
      }
      if (
        event.type === 'step.completed' ||
        event.type === 'step.joined' ||
        event.type === 'step.reused'
      ) {
        completed.set(event.step, seq);
      }
    }
  },
};
