import { planKeyOf, type EffectClass, type RunEvent, type StepStatus } from '@aos/core';

import type { RunCheck, RunHistory } from '../check.ts';

interface Expected {
  status: StepStatus;
  attempt?: number;
  effect?: EffectClass;
}

/** The rows of steps are the fold of the events. */
export const stepState: RunCheck = {
  kind: 'run',
  invariant: 'I9',
  *check({ events, steps }) {
    const expected = fold(events);
    const rows = new Map(steps.map((step) => [step.key, step]));
    for (const [key, { status, attempt }] of expected) {
      const row = rows.get(key);
      if (!row) yield `${key} has no row; its journal says ${status}.`;
      else if (row.status !== status) yield `${key} is ${row.status}; its journal says ${status}.`;
      else if (attempt !== undefined && row.attempt !== attempt) {
        yield `${key} is at attempt ${row.attempt}; its journal says ${attempt}.`;
      }
    }
    for (const key of rows.keys()) {
      if (!expected.has(key)) yield `${key} has a row, and its journal does not know it.`;
    }
  },
};

function fold(events: RunHistory['events']): ReadonlyMap<string, Expected> {
  const steps = new Map<string, Expected>();
  for (const { event } of events) apply(steps, event);
  return steps;
}

function apply(steps: Map<string, Expected>, event: RunEvent): void {
  switch (event.type) {
    case 'step.started':
      steps.set(event.step, { status: 'started', attempt: event.attempt, effect: event.effect });
      return;
    case 'step.completed':
      steps.set(event.step, { status: 'completed', attempt: event.attempt });
      return;
    case 'step.failed':
      steps.set(event.step, { status: event.retryAt === undefined ? 'failed' : 'waiting' });
      // A step takes with it those of its items that had not ended.
      if (event.retryAt === undefined)
        close(steps, (key) => key !== event.step && planKeyOf(key) === event.step);
      return;
    case 'step.skipped':
      steps.set(event.step, { status: 'skipped' });
      return;
    case 'step.joined':
    case 'step.reused':
      steps.set(event.step, { status: 'completed' });
      return;
    case 'step.parked':
    case 'approval.requested':
      steps.set(event.step, { status: 'waiting' });
      return;
    case 'run.released':
      for (const [key, { status, effect }] of steps) {
        // The outcome of the others is not known to whoever lets go of them.
        if (status === 'started' && effect !== 'unkeyed' && effect !== 'reconcilable') {
          steps.set(key, { status: 'waiting' });
        }
      }
      return;
    case 'run.finished':
      close(steps, () => true);
      return;
    default:
  }
}

function close(steps: Map<string, Expected>, which: (key: string) => boolean): void {
  for (const [key, { status }] of steps) {
    if ((status === 'started' || status === 'waiting') && which(key)) {
      steps.set(key, { status: 'failed' });
    }
  }
}
