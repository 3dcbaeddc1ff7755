import { isObject, type Json } from '@aos/core';

export interface Section {
  readonly heading: string;
  readonly content: Json;
}

/** How a value is shown, whatever the format: chosen once, written by every format. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'fields'; readonly fields: readonly (readonly [string, string])[] };

export const TABLE_COLUMNS_MAX = 30;
export const TABLE_ROWS_MAX = 2000;

/** Objects in a list make a table, other lists a list, an object its fields, the rest text. */
export function blockOf(content: Json): Block {
  if (Array.isArray(content)) {
    const items = (content as readonly Json[]).slice(0, TABLE_ROWS_MAX);
    if (items.length > 0 && items.every(isObject)) return tableOf(items);
    return { kind: 'list', items: items.map(textOf) };
  }
  if (isObject(content)) {
    const fields = Object.entries(content).map(([name, value]) => [name, textOf(value)] as const);
    return { kind: 'fields', fields };
  }
  return { kind: 'text', text: textOf(content) };
}

/** What a block leaves out of its content, in words; undefined when it leaves out nothing. */
export function leftOut({ heading, content }: Section): string | undefined {
  if (!Array.isArray(content)) return undefined;
  if (content.length > TABLE_ROWS_MAX) {
    return `${heading}: only the first ${TABLE_ROWS_MAX} of ${content.length} entries are shown.`;
  }
  const items = content as readonly Json[];
  const columns = items.every(isObject) ? columnsOf(items).length : 0;
  return columns > TABLE_COLUMNS_MAX
    ? `${heading}: only the first ${TABLE_COLUMNS_MAX} of ${columns} columns are shown.`
    : undefined;
}

function tableOf(items: readonly { readonly [key: string]: Json }[]): Block {
  const columns = columnsOf(items).slice(0, TABLE_COLUMNS_MAX);
  const rows = items.map((item) =>
    columns.map((column) => (Object.hasOwn(item, column) ? textOf(item[column] ?? null) : '')),
  );
  return { kind: 'table', columns, rows };
}

function columnsOf(items: readonly { readonly [key: string]: Json }[]): string[] {
  return [...new Set(items.flatMap((item) => Object.keys(item)))];
}

function textOf(value: Json): string {
  if (value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
