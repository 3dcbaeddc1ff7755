import { isObject, type Json, type JsonObject, type Report } from '@aos/core';

import { printable } from './printable.ts';

const LINES_MAX = 40;
const WIDTH = 96;

/** The report as a person reads it; whoever wants all of it asks the API. */
export function showReport(report: Report): string[] {
  return [
    ...section('Result', bounded(linesOf(report.output))),
    ...section(
      'Missing',
      report.gaps.flatMap(({ step, why }) => wrapped(`${step}: ${why}`)),
    ),
    ...section(
      'Notes',
      report.notes.flatMap((note) => wrapped(note)),
    ),
  ].map(printable);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function linesOf(value: Json): string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return (value as Json[]).flatMap((item) => itemLines(item));
  if (!isObject(value)) return wrapped(typeof value === 'string' ? value : JSON.stringify(value));
  return Object.entries(value).flatMap(([name, part]) =>
    typeof part === 'object'
      ? [`${name}:`, ...linesOf(part).map((line) => `  ${line}`)]
      : wrapped(`${name}: ${part}`),
  );
}

/** A heading is shown by its depth, anything else as data. */
function itemLines(item: Json): string[] {
  if (isObject(item) && typeof item['text'] === 'string') {
    return wrapped(item['text'], `${'  '.repeat(depthOf(item))}- `);
  }
  return wrapped(typeof item === 'string' ? item : JSON.stringify(item), '- ');
}

function depthOf({ level }: JsonObject): number {
  return typeof level === 'number' ? Math.min(Math.max(level - 1, 0), 5) : 0;
}

function wrapped(text: string, bullet = ''): string[] {
  const lines: string[] = [];
  let line = bullet;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length > WIDTH && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = ' '.repeat(bullet.length);
    }
    line += `${word.slice(0, WIDTH)} `;
  }
  return [...lines, line.trimEnd()];
}

function bounded(lines: readonly string[]): string[] {
  return lines.length > LINES_MAX
    ? [...lines.slice(0, LINES_MAX), `… ${lines.length - LINES_MAX} lines more`]
    : [...lines];
}
