import { counted, duration } from '../text/amounts.ts';
import type { Style } from '../text/style.ts';
import { fit, pad, widthOf } from '../text/width.ts';
import { percentOf, settledOf, type RunView, type StepState, type StepView } from './run-view.ts';
import { signs, stepWords, toneOfState } from './step-words.ts';

const BAR_COLUMNS_MAX = 30;
const KEY_COLUMNS_MAX = 24;
/** The head, the bar, what was left out, a remark, and the line of the cursor. */
const OTHER_ROWS = 5;

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/** One picture of a run: never wider or higher than the screen, so that it can be painted over. */
export function frame(
  view: RunView,
  title: string,
  remark: string | undefined,
  size: FrameSize,
  now: number,
  style: Style,
): string[] {
  const columns = Math.max(20, size.columns - 1);
  const { shown, hidden } = chosen([...view.steps.values()], Math.max(1, size.rows - OTHER_ROWS));
  const keyColumns = Math.min(
    KEY_COLUMNS_MAX,
    Math.max(0, ...shown.map(({ key }) => widthOf(key))),
  );
  const skillColumns = Math.min(
    KEY_COLUMNS_MAX,
    Math.max(0, ...shown.map(({ skill }) => widthOf(skill))),
  );
  return [
    style('bold', fit(title, columns)),
    progressLine(view, columns, now, style),
    ...shown.map((step) => stepLine(step, keyColumns, skillColumns, columns, now, style)),
    ...(hidden > 0 ? [style('dim', fit(`  and ${counted(hidden, 'more step')}`, columns))] : []),
    ...(remark === undefined ? [] : [style('yellow', fit(remark, columns))]),
  ];
}

function progressLine(view: RunView, columns: number, now: number, style: Style): string {
  const percent = percentOf(view);
  const words = [
    ...(view.total > 0 ? [`${settledOf(view)} of ${counted(view.total, 'step')}`] : []),
    phaseWords(view),
    duration(elapsedMs(view, now)),
  ].join('  ');
  const text = ` ${String(percent).padStart(3)}%  ${words}`;
  const room = Math.min(BAR_COLUMNS_MAX, columns - widthOf(text));
  if (room < 5) return fit(text.trimStart(), columns);
  const full = Math.round((room * percent) / 100);
  const tone =
    view.outcome === 'failed' ? 'red' : view.outcome === 'cancelled' ? 'yellow' : 'green';
  return style(tone, '█'.repeat(full)) + style('dim', '░'.repeat(room - full)) + text;
}

function phaseWords(view: RunView): string {
  if (view.outcome !== undefined) return view.outcome;
  if (view.phase !== 'waiting') return view.phase;
  return `waiting for ${view.waitingFor ?? 'something'}`;
}

function elapsedMs(view: RunView, now: number): number {
  if (view.durationMs !== undefined) return view.durationMs;
  return view.acceptedAt === undefined ? 0 : Math.max(0, now - Date.parse(view.acceptedAt));
}

function stepLine(
  step: StepView,
  keyColumns: number,
  skillColumns: number,
  columns: number,
  now: number,
  style: Style,
): string {
  const rest = `${pad(fit(step.key, keyColumns), keyColumns)}  ${pad(fit(step.skill, skillColumns), skillColumns)}  ${stepWords(step, now)}`;
  const sign = signs[step.state];
  const tone = toneOfState[step.state];
  const text = fit(rest.trimEnd(), columns - 2);
  return `${tone ? style(tone, sign) : sign} ${step.state === 'pending' ? style('dim', text) : text}`;
}

const urgencies: readonly StepState[] = [
  'running',
  'waiting',
  'failed',
  'pending',
  'completed',
  'skipped',
];

/** When not all steps fit: those that happen now and those that failed first, the rest in order. */
function chosen(
  steps: readonly StepView[],
  room: number,
): { readonly shown: readonly StepView[]; readonly hidden: number } {
  if (steps.length <= room) return { shown: steps, hidden: 0 };
  const urgent = steps
    .toSorted((a, b) => urgencies.indexOf(a.state) - urgencies.indexOf(b.state))
    .slice(0, room);
  return { shown: steps.filter((step) => urgent.includes(step)), hidden: steps.length - room };
}
