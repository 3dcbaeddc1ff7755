import type { Tone } from '../text/style.ts';
import { counted, duration } from '../text/amounts.ts';
import type { StepState, StepView } from './run-view.ts';

export const signs: Readonly<Record<StepState, string>> = {
  pending: '·',
  running: '…',
  waiting: '⏸',
  completed: '✓',
  failed: '✗',
  skipped: '–',
};

export const toneOfState: Readonly<Record<StepState, Tone | undefined>> = {
  pending: 'dim',
  running: undefined,
  waiting: 'yellow',
  completed: 'green',
  failed: 'red',
  skipped: 'dim',
};

/** How long, how often, and why: what there is to say of a step beside its name. */
export function stepWords(step: StepView, now: number): string {
  const items = step.itemsDone + step.itemsFailed;
  const durationMs =
    step.state === 'running' && step.since !== undefined
      ? Math.max(0, now - Date.parse(step.since))
      : step.durationMs;
  return [
    ...(durationMs === undefined || step.state === 'pending' ? [] : [duration(durationMs)]),
    ...(items > 0 ? [counted(items, 'item')] : []),
    ...(step.itemsFailed > 0 ? [`${step.itemsFailed} failed`] : []),
    ...(step.attempts > 1 ? [`${step.attempts} attempts`] : []),
    ...(step.note === undefined ? [] : [step.note]),
  ].join(', ');
}
