import type { Json } from '@aos/core';
import type { CaseResource, DeadLetterDetail, DeadLetterResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { age, counted, dollars, moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';
import { pad } from '../text/width.ts';
import { failureLines } from './failure.ts';
import { outputLines } from './output.ts';

const NAME_COLUMNS = 11;
const INPUT_LINES_MAX = 20;

const letterColumns = [
  { title: 'RUN' },
  { title: 'STATE' },
  { title: 'CODE' },
  { title: 'STEP' },
  { title: 'AGE' },
  { title: 'FAILURE', flexible: true },
];

const caseColumns = [
  { title: 'CASE' },
  { title: 'STATE' },
  { title: 'OPEN' },
  { title: 'ALL' },
  { title: 'LAST' },
  { title: 'CODE' },
  { title: 'FAILURE', flexible: true },
];

export function letterTable({ out }: Context, letters: readonly DeadLetterResource[]): string[] {
  const now = Date.now();
  const rows = letters.map((letter) => [
    letter.runId,
    letter.state,
    letter.failure.code,
    letter.step?.key ?? '-',
    age(letter.failedAt, now),
    oneLine(letter.failure.detail),
  ]);
  return table(letterColumns, rows, out, styleOf(out.rich));
}

export function caseTable({ out }: Context, cases: readonly CaseResource[]): string[] {
  const now = Date.now();
  const rows = cases.map((one) => [
    one.id,
    stateOf(one),
    String(one.openLetters),
    String(one.letters),
    age(one.lastSeen, now),
    one.code,
    oneLine(one.message),
  ]);
  return table(caseColumns, rows, out, styleOf(out.rich));
}

/** A letter with what the step was given, and what became of it. */
export function letterLines(context: Context, detail: DeadLetterDetail): string[] {
  const { out, program } = context;
  const { letter, lineage, input } = detail;
  const style = styleOf(out.rich);
  const line = lineWriter(context);
  const { step, redriven, discarded } = letter;
  const shown = outputLines((input ?? null) as Json, {
    columns: out.columns - 2,
    style,
    linesMax: INPUT_LINES_MAX,
    more: `All of it: ${program} dead show ${letter.id} --json`,
  });
  return [
    ...line('Run', letter.runId),
    ...line('Goal', oneLine(letter.goal)),
    ...line('State', letter.state),
    ...line('Step', step && `${step.key}, ${step.skill} ${step.skillVersion}`),
    ...line('Attempts', step && String(step.attempts)),
    ...line('Failed', moment(letter.failedAt)),
    ...line('Cost', letter.costUsd > 0 ? dollars(letter.costUsd) : null),
    ...line('Case', `${letter.case}, ${counted(detail.case.openLetters, 'open letter')}`),
    ...line('Lineage', lineage.length > 1 ? counted(lineage.length, 'letter') : null),
    ...line('Redriven', redriven && `as ${redriven.runId} by ${oneLine(redriven.by)}`),
    ...line('Discarded', discarded && `by ${oneLine(discarded.by)}: ${oneLine(discarded.reason)}`),
    '',
    ...failureLines(context, letter.failure, letter.runId),
    ...(step ? ['', style('bold', `Input of ${step.key}`), ...shown.map((one) => `  ${one}`)] : []),
    ...(letter.state === 'open'
      ? [
          '',
          style('dim', `Repair it: ${program} dead redrive ${letter.id} --mode retry --reason "…"`),
        ]
      : []),
  ];
}

export function caseLines(context: Context, one: CaseResource): string[] {
  const line = lineWriter(context);
  const { program, out } = context;
  return [
    ...line('Case', one.id),
    ...line('State', stateOf(one)),
    ...line('Failure', `${one.code}: ${oneLine(one.message)}`),
    ...line('Step', one.step && `${one.step}, ${one.skill ?? ''} ${one.skillVersions.join(', ')}`),
    ...line(
      'Letters',
      `${one.openLetters} open of ${one.letters}, ${one.lastHour} in the last hour`,
    ),
    ...line('Seen', `${moment(one.firstSeen)} to ${moment(one.lastSeen)}`),
    ...line('Cost', one.costUsd > 0 ? dollars(one.costUsd) : null),
    ...line('Owner', one.owner && oneLine(one.owner)),
    ...line('Note', one.note && oneLine(one.note)),
    styleOf(out.rich)('dim', `Its runs: ${program} dead list --case ${one.id}`),
  ];
}

function stateOf({ state, reopened, version }: CaseResource): string {
  if (reopened) return 'open again';
  return state === 'fixed' && version !== null ? `fixed in ${version}` : state;
}

function lineWriter({ out }: Context) {
  const style = styleOf(out.rich);
  return (name: string, value: string | null): string[] =>
    value === null || value === '' ? [] : [style('dim', pad(name, NAME_COLUMNS)) + value];
}
