import type { Style, Tone } from './style.ts';
import { fit, pad, widthOf } from './width.ts';

export interface Column {
  readonly title: string;
  /** It gives way when the table is too wide for the screen. */
  readonly flexible?: boolean;
}

export type Cell = string | { readonly text: string; readonly tone: Tone | undefined };

const GAP = '  ';
const FLEXIBLE_COLUMNS_MIN = 10;
/** Where there is no terminal, long texts end here. */
const COLUMNS_MAX = 160;

/** Cells hold cleaned text on one line. Their width is counted in columns, so wide characters line up. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  screen: { readonly columns: number },
  style: Style,
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[index])))),
  );
  shrink(widths, columns, Math.min(screen.columns, COLUMNS_MAX));
  const line = (cells: readonly Cell[]) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const text = fit(textOf(cell), width);
        const padded = index === columns.length - 1 ? text : pad(text, width);
        return typeof cell === 'string' || !cell.tone ? padded : style(cell.tone, padded);
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, tone: 'dim' }))), ...rows.map(line)];
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

/** Takes from the widest flexible column until all fits. */
function shrink(widths: number[], columns: readonly Column[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room;
  while (excess > 0) {
    const [widest] = columns
      .flatMap(({ flexible }, index) => (flexible ? [index] : []))
      .toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) return;
    const width = widths[widest] ?? 0;
    if (width <= FLEXIBLE_COLUMNS_MIN) return;
    widths[widest] = width - 1;
    excess -= 1;
  }
}
