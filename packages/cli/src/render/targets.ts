import type { TargetResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { age, counted, moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';

const columns = [
  { title: 'TARGET' },
  { title: 'STATE' },
  { title: 'OUT FOR' },
  { title: 'RUNS' },
  { title: 'OLDEST' },
  { title: 'WHY', flexible: true },
];

/** One row an outage: what is out, since when, who waits. */
export function targetTable(
  { out, program }: Context,
  items: readonly TargetResource[],
  now: number,
): string[] {
  const style = styleOf(out.rich);
  const example = items.find(({ parked }) => parked.example !== null)?.parked.example;
  return [
    ...table(
      columns,
      items.map(({ target, state, since, parked, failure }) => [
        oneLine(target),
        { text: state, tone: state === 'releasing' ? 'green' : 'yellow' },
        since === null ? '-' : age(since, now),
        String(parked.runs),
        parked.oldest === null ? '-' : age(parked.oldest, now),
        failure === null ? '' : oneLine(failure.detail),
      ]),
      out,
      style,
    ),
    ...(example ? [style('dim', `Why one of them waits: ${program} why ${example}`)] : []),
  ];
}

/** What became of a target that was parked or released. */
export function targetLine({ target, state, until, parked }: TargetResource): string {
  const waiting = `${counted(parked.runs, 'run')} waiting`;
  const tried = until === null ? '' : `, tried again at ${moment(until)}`;
  return `${oneLine(target)} is ${state}: ${waiting}${tried}.`;
}
