import type { Silence } from '../alertmanager.ts';
import type { Context } from '../context.ts';
import { matcherWords } from '../read-matcher.ts';
import { counted, duration, moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';

const columns = [
  { title: 'SILENCE' },
  { title: 'STATE' },
  { title: 'ENDS IN' },
  { title: 'ALERTS', flexible: true },
  { title: 'BY' },
  { title: 'REASON', flexible: true },
];

const HOUR_MS = 3_600_000;
/** Whoever looks is told of silences that end so soon: their alerts come back. */
const SOON_HOURS = 4;

export function silenceLines(
  { out, program }: Context,
  items: readonly Silence[],
  now: number,
): string[] {
  if (items.length === 0) return ['Nothing is silenced.'];
  const style = styleOf(out.rich);
  const soon = items.filter((item) => endsSoon(item, now));
  return [
    ...table(
      columns,
      items.map((item) => [
        item.id,
        { text: item.status.state, tone: item.status.state === 'active' ? 'yellow' : undefined },
        item.status.state === 'expired' ? '-' : duration(Date.parse(item.endsAt) - now),
        whatOf(item),
        oneLine(item.createdBy),
        oneLine(item.comment),
      ]),
      out,
      style,
    ),
    ...soon.map((item) =>
      style(
        'yellow',
        `Ends within ${SOON_HOURS} h: ${whatOf(item)}, at ${moment(item.endsAt)}. What it holds back is told then, unless it is mended or silenced anew: ${program} silence create.`,
      ),
    ),
  ];
}

export function createdLines(silence: Silence, held: number, program: string): string[] {
  return [
    `${whatOf(silence)} is silenced until ${moment(silence.endsAt)}, by ${oneLine(silence.createdBy)}: ${oneLine(silence.comment)}`,
    `It holds back ${counted(held, 'alert')} that ${held === 1 ? 'fires' : 'fire'} now. End it: ${program} silence expire ${silence.id}`,
  ];
}

function endsSoon({ status, endsAt }: Silence, now: number): boolean {
  return status.state === 'active' && Date.parse(endsAt) - now <= SOON_HOURS * HOUR_MS;
}

function whatOf({ matchers }: Silence): string {
  return oneLine(matchers.map(matcherWords).join(' and '));
}
