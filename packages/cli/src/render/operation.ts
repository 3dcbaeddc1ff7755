import type { OperationResource, PreviewResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { age, counted, moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';
import { pad } from '../text/width.ts';

const NAME_COLUMNS = 11;
const VALUE_CHARS_MAX = 80;

const columns = [
  { title: 'OPERATION' },
  { title: 'KIND' },
  { title: 'STATE' },
  { title: 'RUNS' },
  { title: 'AGE' },
  { title: 'REASON', flexible: true },
];

export function operationTable(
  { out }: Context,
  operations: readonly OperationResource[],
): string[] {
  const now = Date.now();
  return table(
    columns,
    operations.map((one) => [
      one.id,
      one.kind,
      one.state,
      `${one.total - one.progress.pending}/${one.total}`,
      age(one.createdAt, now),
      oneLine(one.reason),
    ]),
    out,
    styleOf(out.rich),
  );
}

/** An operation at a glance. What is not there has no line. */
export function operationLines({ out }: Context, operation: OperationResource): string[] {
  const style = styleOf(out.rich);
  const line = (name: string, value: string | null) =>
    value === null || value === '' ? [] : [style('dim', pad(name, NAME_COLUMNS)) + value];
  const { request, endReason, endedBy } = operation;
  return [
    ...line('Operation', operation.id),
    ...line('Kind', request.mode ? `${operation.kind}, ${request.mode}` : operation.kind),
    ...line('State', operation.state),
    ...line('Why', endReason && oneLine(endReason)),
    ...line('Aborted', endedBy && `by ${oneLine(endedBy)}`),
    ...line('Progress', progressLine(operation)),
    ...line('Canary', operation.canary.join(', ')),
    ...line('Rate', `${operation.ratePerSecond} a second`),
    ...line('Reason', oneLine(operation.reason)),
    ...line('Asked', `${moment(operation.createdAt)} by ${oneLine(operation.createdBy)}`),
    ...line('Ended', operation.endedAt && moment(operation.endedAt)),
  ];
}

export function progressLine({ progress, total, canary, stage }: OperationResource): string {
  const { started, skipped, refused, pending, succeeded, failed, cancelled } = progress;
  const parts = [
    `${started} of ${total} started`,
    ...(stage < canary.length && pending > 0 ? [`canary stage ${stage + 1}`] : []),
    ...(succeeded > 0 ? [`${succeeded} succeeded`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(pending > 0 ? [`${pending} left`] : []),
  ];
  return parts.join(', ');
}

/** The exact number, and what would become of the first ones. */
export function previewLines(context: Context, preview: PreviewResource): string[] {
  const style = styleOf(context.out.rich);
  const shown = preview.sample.flatMap((one) => [
    '',
    style('bold', one.runId),
    ...(one.failure ? [`  ${style('red', one.failure.code)}: ${oneLine(one.failure.detail)}`] : []),
    ...(one.kept && one.kept.length > 0 ? [`  keeps ${one.kept.join(', ')}`] : []),
    ...(one.changes ?? []).flatMap(({ path, before, after }) => [
      `  ${path}`,
      ...(before === undefined ? [] : [style('red', `    - ${valueOf(before)}`)]),
      ...(after === undefined ? [] : [style('green', `    + ${valueOf(after)}`)]),
    ]),
  ]);
  const rest = preview.count - preview.sample.length;
  return [
    `${counted(preview.count, 'run')}. Nothing has been done.`,
    ...shown,
    ...(rest > 0 ? ['', style('dim', `… and ${rest} more`)] : []),
  ];
}

function valueOf(value: unknown): string {
  const text = oneLine(JSON.stringify(value));
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}
