import { attribute, isHidden, type HtmlNode } from './node.ts';
import { shownLine } from './shown-text.ts';

export interface Table {
  readonly caption: string;
  readonly headers: string[];
  readonly rows: string[][];
}

const SPAN_MAX = 50;
const CELLS_MAX = 20_000;

interface Cell {
  readonly text: string;
  readonly heads: boolean;
}

/** Tables that hold data, their spans filled in so that every row lines up with the headers. */
export function tablesOf(nodes: Iterable<HtmlNode>): Table[] {
  const tables: Table[] = [];
  for (const node of nodes) {
    const role = attribute(node, 'role');
    if (node.name !== 'table' || role === 'presentation' || role === 'none') continue;
    const table = tableOf(node);
    if (table.headers.length > 0 || table.rows.length > 0) tables.push(table);
  }
  return tables;
}

function texts(row: readonly Cell[]): string[] {
  return row.map(({ text }) => text);
}

function tableOf(table: HtmlNode): Table {
  const rows = grid(rowsOf(table));
  // Headers are the rows before the first that holds a plain cell; the last of them names the columns.
  const first = rows.findIndex((row) => row.some((cell) => !cell.heads));
  const body = first === -1 ? rows.length : first;
  const caption = (table.children ?? []).find(({ name }) => name === 'caption');
  return {
    caption: caption ? shownLine(caption) : '',
    headers: texts(rows[body - 1] ?? []),
    rows: rows.slice(body).map(texts),
  };
}

interface Row {
  readonly node: HtmlNode;
  readonly inHead: boolean;
}

/** The rows of this table, not of tables inside its cells. */
function rowsOf(table: HtmlNode): Row[] {
  const rows: Row[] = [];
  for (const part of table.children ?? []) {
    if (isHidden(part)) continue;
    if (part.name === 'tr') rows.push({ node: part, inHead: false });
    if (part.name !== 'thead' && part.name !== 'tbody' && part.name !== 'tfoot') continue;
    for (const node of part.children ?? []) {
      if (node.name === 'tr' && !isHidden(node)) rows.push({ node, inHead: part.name === 'thead' });
    }
  }
  return rows;
}

function grid(rows: readonly Row[]): Cell[][] {
  const lines: Cell[][] = rows.map(() => []);
  let cells = 0;
  rows.forEach(({ node, inHead }, y) => {
    let x = 0;
    for (const cell of node.children ?? []) {
      if ((cell.name !== 'td' && cell.name !== 'th') || isHidden(cell)) continue;
      while (lines[y]?.[x]) x++;
      const filled = { text: shownLine(cell), heads: inHead || cell.name === 'th' };
      const width = span(cell, 'colspan');
      const height = Math.min(span(cell, 'rowspan'), rows.length - y);
      cells += width * height;
      if (cells > CELLS_MAX) return;
      for (let down = 0; down < height; down++) {
        const line = lines[y + down] ?? [];
        for (let right = 0; right < width; right++) line[x + right] ??= filled;
      }
      x += width;
    }
  });
  // A row may be reached first from above, by a span that leaves holes.
  return lines
    .map((line) => Array.from(line, (cell) => cell ?? { text: '', heads: false }))
    .filter((line) => line.length > 0);
}

function span(cell: HtmlNode, name: 'colspan' | 'rowspan'): number {
  const count = Number.parseInt(attribute(cell, name) ?? '1', 10);
  return Number.isNaN(count) ? 1 : Math.min(Math.max(count, 1), SPAN_MAX);
}
