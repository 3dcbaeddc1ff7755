import { isObject, type Json, type JsonObject } from '@aos/core';

import { fit, widthOf, wrap } from '../text/width.ts';
import { oneLine } from '../text/clean.ts';
import { table } from '../text/table.ts';
import type { Style } from '../text/style.ts';

export interface OutputOptions {
  readonly columns: number;
  readonly style: Style;
  /** At most so many lines; `more` then says how to see the rest. */
  readonly linesMax: number;
  readonly more: string;
}

const DEPTH_MAX = 4;
const TABLE_COLUMNS_MAX = 8;
const COLUMNS_MAX = 100;

/** A result for people: text as paragraphs, headings as an outline, lists as lists. The value is cleaned. */
export function outputLines(value: Json, options: OutputOptions): string[] {
  const columns = Math.min(options.columns, options.columns === Infinity ? Infinity : COLUMNS_MAX);
  const lines = linesOf(value, columns, options.style, 0);
  if (lines.length <= options.linesMax) return lines;
  const left = lines.length - options.linesMax;
  return [
    ...lines.slice(0, options.linesMax),
    options.style('dim', `… ${left} more ${left === 1 ? 'line' : 'lines'}. ${options.more}`),
  ];
}

function linesOf(value: Json, columns: number, style: Style, depth: number): string[] {
  if (value === null) return [style('dim', '(nothing)')];
  if (typeof value === 'string')
    return value.trim() === '' ? [style('dim', '(empty)')] : wrap(value.trim(), columns);
  if (typeof value !== 'object') return [String(value)];
  if (depth >= DEPTH_MAX) return [fit(oneLine(JSON.stringify(value)), Math.min(columns, 400))];
  if (!isObject(value)) return listLines(value, columns, style, depth);
  const asTable = tableLines(value, columns, style);
  if (asTable) return asTable;
  const entries = Object.entries(value);
  if (entries.length === 0) return [style('dim', '(empty)')];
  let lastWasBlock = false;
  return entries.flatMap(([name, item], index) => {
    const short = isShort(item, columns - widthOf(name) - 2);
    // Blocks stand apart from each other and from what is said in one line.
    const apart = depth === 0 && index > 0 && (lastWasBlock || short === undefined) ? [''] : [];
    lastWasBlock = short === undefined;
    if (short !== undefined) return [...apart, `${style('bold', label(name, depth))}: ${short}`];
    const inner = linesOf(item, columns - 2, style, depth + 1).map((line) => `  ${line}`);
    return [...apart, style('bold', label(name, depth)), ...inner];
  });
}

function listLines(list: readonly Json[], columns: number, style: Style, depth: number): string[] {
  if (list.length === 0) return [style('dim', '(none)')];
  if (list.every(isHeading)) return outline(list, columns);
  return list.flatMap((item) => {
    const lines = isLink(item)
      ? wrap(`${oneLine(item.text)} <${oneLine(item.url)}>`.trim(), columns - 2)
      : linesOf(item, columns - 2, style, depth + 1);
    return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
  });
}

/** The headings of a page, each as deep as its level. */
function outline(headings: readonly Heading[], columns: number): string[] {
  const top = Math.min(...headings.map(({ level }) => level));
  return headings.flatMap(({ level, text }) => {
    const indent = '  '.repeat(Math.min(level - top, 5));
    return wrap(oneLine(text) || '(empty)', columns - indent.length - 2).map(
      (line, index) => `${indent}${index === 0 ? '- ' : '  '}${line}`,
    );
  });
}

/** `{headers, rows}` as a page or a query gives them. */
function tableLines(value: JsonObject, columns: number, style: Style): string[] | undefined {
  const { rows } = value;
  const titles = value['headers'] ?? value['columns'];
  if (!Array.isArray(titles) || !Array.isArray(rows)) return undefined;
  if (titles.length === 0 || titles.length > TABLE_COLUMNS_MAX) return undefined;
  if (!rows.every((row) => Array.isArray(row))) return undefined;
  return table(
    titles.map((title) => ({ title: cell(title as Json), flexible: true })),
    rows.map((row) => titles.map((_, index) => cell((row as readonly Json[])[index] ?? ''))),
    { columns },
    style,
  );
}

interface Heading {
  readonly level: number;
  readonly text: string;
}

function isHeading(value: Json): value is JsonObject & Heading {
  return isObject(value) && typeof value['level'] === 'number' && typeof value['text'] === 'string';
}

function isLink(
  value: Json,
): value is JsonObject & { readonly text: string; readonly url: string } {
  return isObject(value) && typeof value['url'] === 'string' && typeof value['text'] === 'string';
}

function isShort(value: Json, columns: number): string | undefined {
  if (value !== null && typeof value === 'object') return undefined;
  if (typeof value === 'string' && (value.includes('\n') || value.trim() === '')) return undefined;
  const text = value === null ? '(nothing)' : String(value);
  return widthOf(text) <= Math.min(columns, 60) ? text : undefined;
}

/** Names of the first level begin with a capital, as titles do. */
function label(name: string, depth: number): string {
  return depth === 0 ? name.charAt(0).toUpperCase() + name.slice(1) : name;
}

function cell(value: Json): string {
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}
