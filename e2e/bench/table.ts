import type { Row } from './row.ts';

const HEADINGS = ['measure', 'value', 'unit', 'reference', 'its value', 'ratio', '±', 'note'];
/** Columns of numbers end together. */
const RIGHT: ReadonlySet<number> = new Set([1, 4, 5, 6]);

/** The rows as lines of a table for people. */
export function table(rows: readonly Row[]): string[] {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (columns: readonly string[]) =>
    columns
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(HEADINGS), rule, ...cells.slice(1).map(line)];
}

function cellsOf(row: Row): string[] {
  return [
    row.measure,
    shown(row.value),
    row.unit,
    row.reference,
    shown(row.referenceValue),
    row.ratio === null ? '-' : `${shown(row.ratio)}x`,
    row.noise === undefined ? '' : `${Math.round(row.noise * 100)} %`,
    row.note ?? '',
  ];
}

/** Three digits that matter; whole numbers from a hundred on. */
export function shown(value: number | null): string {
  if (value === null) return '-';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
