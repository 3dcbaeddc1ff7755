import type { RunResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { counted, moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf, toneOf } from '../text/style.ts';
import { pad, wrap } from '../text/width.ts';
import { failureLines } from './failure.ts';

const NAME_COLUMNS = 11;
const GOAL_LINES_MAX = 8;
const INPUT_CHARS_MAX = 500;

/** A run at a glance. What is not there has no line. */
export function runLines(context: Context, run: RunResource): string[] {
  const { out, program } = context;
  const style = styleOf(out.rich);
  const state = run.outcome ?? run.status;
  const tone = toneOf(state);
  const goal = wrap(run.goal, out.columns - NAME_COLUMNS);
  const line = (name: string, value: string | null) =>
    value === null || value === '' ? [] : [style('dim', pad(name, NAME_COLUMNS)) + value];
  return [
    ...line('Run', run.id),
    ...goal
      .slice(0, GOAL_LINES_MAX)
      .map((text, index) => style('dim', pad(index === 0 ? 'Goal' : '', NAME_COLUMNS)) + text),
    ...(goal.length > GOAL_LINES_MAX
      ? line('', `… all of it: ${program} show ${run.id} --json`)
      : []),
    ...line('State', (tone ? style(tone, state) : state) + waitOf(run)),
    ...line('Progress', progressOf(run)),
    ...line('Agent', `${run.agent.name} (version ${run.agent.version}), planner ${run.planner}`),
    ...line('Input', inputOf(run)),
    ...line('Tags', run.tags.join(', ')),
    ...line('Created', moment(run.createdAt)),
    ...line('Starts', run.startAt && moment(run.startAt)),
    ...line('Started', run.startedAt && moment(run.startedAt)),
    ...line('Finished', run.finishedAt && moment(run.finishedAt)),
    ...line('Deadline', run.finishedAt ? null : run.deadlineAt && moment(run.deadlineAt)),
    ...line(
      'Cancelled',
      run.cancelRequestedAt &&
        `asked at ${moment(run.cancelRequestedAt)} by ${oneLine(run.cancelRequestedBy ?? 'somebody')}`,
    ),
    ...line(
      'Paused',
      run.pauseRequestedAt &&
        `at ${moment(run.pauseRequestedAt)} by ${oneLine(run.pauseRequestedBy ?? 'somebody')}`,
    ),
    ...line('Origin', originOf(run)),
    ...line('Trace', oneLine(run.traceId)),
    ...(run.failure ? ['', ...failureLines(context, run.failure, run.id)] : []),
  ];
}

/** Where to look next. */
export function furtherOf({ program, out }: Context, run: RunResource): string {
  const further =
    run.status === 'finished' ? `Report: ${program} report` : `Watch it: ${program} watch`;
  return styleOf(out.rich)('dim', `${further} ${run.id}`);
}

function waitOf({ waitingFor, wakeAt }: RunResource): string {
  if (waitingFor === null) return '';
  return ` for ${waitingFor}${wakeAt === null ? '' : ` until ${moment(wakeAt)}`}`;
}

function originOf({ origin }: RunResource): string {
  if (!origin) return '';
  const edits = origin.patch ? `, ${counted(origin.patch.length, 'edit')}` : '';
  const from = origin.fromStep === undefined ? '' : ` from ${origin.fromStep}`;
  const why = origin.reason === '' ? '' : `: ${oneLine(origin.reason)}`;
  return `${origin.mode} of ${origin.runId}${from}${edits}, by ${oneLine(origin.by)}${why}`;
}

function progressOf({ progress }: RunResource): string {
  if (progress.total === 0) return 'not planned yet';
  const current =
    progress.current.length > 0 ? `, now ${progress.current.slice(0, 5).join(', ')}` : '';
  return `${progress.percent}%, ${progress.done} of ${progress.total} steps${current}`;
}

function inputOf({ input }: RunResource): string {
  const text = oneLine(JSON.stringify(input));
  if (text === '{}') return '';
  return text.length > INPUT_CHARS_MAX ? `${text.slice(0, INPUT_CHARS_MAX)}…` : text;
}
