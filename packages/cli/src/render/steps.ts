import type { StepResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { duration } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf, toneOf } from '../text/style.ts';
import { table, type Cell } from '../text/table.ts';

const STEPS_SHOWN = 100;

const columns = [
  { title: 'STEP' },
  { title: 'SKILL' },
  { title: 'STATE' },
  { title: 'ATTEMPTS' },
  { title: 'TOOK' },
  { title: 'NOTE', flexible: true },
];

/** The steps of a run, items of `forEach` steps included. */
export function stepTable(
  { out, program }: Context,
  runId: string,
  steps: readonly StepResource[],
  all: boolean,
): string[] {
  const style = styleOf(out.rich);
  const shown = all ? steps : steps.slice(0, STEPS_SHOWN);
  const left = steps.length - shown.length;
  return [
    ...table(columns, shown.map(row), out, style),
    ...(left > 0 ? [style('dim', `… ${left} more: ${program} show ${runId} --steps --all`)] : []),
    style('dim', `What each was given and gave: ${program} show ${runId} --steps --json`),
  ];
}

function row(step: StepResource): Cell[] {
  const { durationMs } = step;
  return [
    oneLine(step.key),
    oneLine(step.skill),
    { text: step.status, tone: toneOf(step.status) },
    step.attempts === 0 ? '-' : String(step.attempts),
    durationMs === undefined || durationMs === null ? '-' : duration(durationMs),
    noteOf(step),
  ];
}

function noteOf(step: StepResource): string {
  if (step.approvalId !== undefined && step.status === 'waiting')
    return `waits for ${step.approvalId}`;
  if (step.failure) return oneLine(`${step.failure.code}: ${step.failure.detail}`);
  if (step.skipReason === 'condition') return 'its condition is false';
  return step.skipReason === 'input_missing' ? 'what it reads is missing' : '';
}
