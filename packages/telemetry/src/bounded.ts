import { isSecretField, redactText, redactedField } from './redact.ts';

const TEXT_CHARS_MAX = 2_000;
/** Read before the cut, so that a secret across the cut is still seen whole. */
const TEXT_CHARS_READ = 10_000;
const KEY_CHARS_MAX = 100;
const DEPTH_MAX = 6;
const ITEMS_MAX = 50;
/** All values of one line together; bounds what is deep and wide at once, and cycles. */
const VALUES_MAX = 500;

/** A copy of anything, fit for a log line: bounded in size and depth, without secrets. Never throws. */
export function bounded(value: unknown): unknown {
  return copy(value, 0, { left: VALUES_MAX });
}

function copy(value: unknown, depth: number, budget: { left: number }): unknown {
  if (budget.left-- <= 0) return '[more]';
  switch (typeof value) {
    case 'string':
      return boundedText(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return value.toString();
    case 'symbol':
    case 'function':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : copyObject(value, depth, budget);
  }
}

function copyObject(value: object, depth: number, budget: { left: number }): unknown {
  if (depth >= DEPTH_MAX) return '[deep]';
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Error) return copyFields(errorFields(value), depth, budget);
    if (value instanceof Map) return copyFields([...value].map(named), depth, budget);
    if (Array.isArray(value) || value instanceof Set) {
      const items = [...(value as Iterable<unknown>)];
      const copies = items.slice(0, ITEMS_MAX).map((item) => copy(item, depth + 1, budget));
      return items.length > ITEMS_MAX ? [...copies, `[${items.length - ITEMS_MAX} more]`] : copies;
    }
    return copyFields(Object.entries(value), depth, budget);
  } catch {
    return '[unreadable]';
  }
}

function copyFields(
  fields: readonly (readonly [string, unknown])[],
  depth: number,
  budget: { left: number },
): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of fields.slice(0, ITEMS_MAX)) {
    result[redactText(key).slice(0, KEY_CHARS_MAX)] =
      value !== undefined && isSecretField(key, value)
        ? redactedField()
        : copy(value, depth + 1, budget);
  }
  return result;
}

/** What `JSON.stringify` would leave out: everything an error tells is not enumerable. */
function errorFields(error: Error): (readonly [string, unknown])[] {
  return [
    ['name', error.name],
    ['message', error.message],
    ['stack', error.stack],
    ['cause', error.cause],
    ...Object.entries(error).filter(([key]) => key !== 'cause' && key !== 'name'),
  ];
}

function named([key, value]: readonly [unknown, unknown]): readonly [string, unknown] {
  return [String(key), value];
}

function boundedText(text: string): string {
  const clean = redactText(text.slice(0, TEXT_CHARS_READ));
  return clean.length > TEXT_CHARS_MAX || text.length > TEXT_CHARS_READ
    ? `${clean.slice(0, TEXT_CHARS_MAX)}… [${text.length} characters]`
    : clean;
}
