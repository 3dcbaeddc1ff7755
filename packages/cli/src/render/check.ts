import {
  invariants,
  unchecked,
  type CheckReport,
  type Invariant,
  type Violation,
} from '@aos/checker';

import type { Screen } from '../context.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf, type Style } from '../text/style.ts';
import { table, type Cell } from '../text/table.ts';

const columns = [{ title: 'INVARIANT' }, { title: 'STATE' }, { title: 'MEANING', flexible: true }];

/** Every invariant with its state, then what was found. The violations are cleaned. */
export function checkLines(
  out: Screen,
  { at, runs, events, violations }: CheckReport,
  shown: readonly Violation[],
): string[] {
  const style = styleOf(out.rich);
  const found = [...violations.values()].reduce((sum, n) => sum + n, 0);
  const rows = (Object.keys(invariants) as Invariant[]).map((invariant): Cell[] => [
    invariant,
    stateOf(invariant, violations.get(invariant)),
    meaningOf(invariant, violations.has(invariant)),
  ]);
  return [
    ...table(columns, rows, out, style),
    '',
    ...shown.map(({ invariant, run, evidence }) =>
      style('red', [invariant, run, oneLine(evidence)].filter(Boolean).join('  ')),
    ),
    ...(found > shown.length ? [`… ${found - shown.length} more: --json prints all.`] : []),
    verdict(style, found),
    style('dim', `${runs} runs and ${events} events as they were at ${at.toISOString()}.`),
  ];
}

function verdict(style: Style, found: number): string {
  if (found === 0) return style('green', 'Every invariant that was checked holds.');
  return style('red', `${found} ${found === 1 ? 'violation' : 'violations'}.`);
}

function stateOf(invariant: Invariant, found: number | undefined): Cell {
  if (found === undefined) return { text: 'not checked', tone: 'dim' };
  if (found === 0) return { text: 'holds', tone: 'green' };
  return { text: `violated ${found} ×`, tone: 'red' };
}

function meaningOf(invariant: Invariant, checked: boolean): string {
  if (checked) return invariants[invariant];
  const why = unchecked[invariant] ?? EFFECTS_ONLY.get(invariant) ?? 'only when all is checked';
  return `${invariants[invariant]} (${why})`;
}

const EFFECTS_ONLY: ReadonlyMap<Invariant, string> = new Map(
  (['I6', 'I7'] as const).map((invariant) => [invariant, 'needs --effects']),
);
