import type { Json, Report } from '@aos/core';

import { printable } from './printable.ts';

const LINES_MAX = 40;
const LINE_CHARS_MAX = 160;

/** The report as a person reads it. */
export function showReport(report: Report): string[] {
  return [
    ...section('Result', outputLines(report.output)),
    ...section(
      'Missing',
      report.gaps.map(({ step, why }) => `${step}: ${why}`),
    ),
    ...section('Notes', report.notes),
  ].map(printable);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function outputLines(output: Json): string[] {
  if (output === null) return [];
  const text = typeof output === 'string' ? output : JSON.stringify(output, null, 2);
  const lines = text
    .split(/\r?\n/)
    .map((line) => (line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line));
  return lines.length > LINES_MAX
    ? [...lines.slice(0, LINES_MAX), `… ${lines.length - LINES_MAX} lines more`]
    : lines;
}
