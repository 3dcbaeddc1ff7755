import type { Json, JsonObject } from '@aos/core';

/** Makes a text mean itself inside a plan: `${` in it is no reference. */
export function escapeText(text: string): string {
  return text.replaceAll('${', () => '$${');
}

/** The same for every string of a value. Keys are never read for references. */
export function escapeJson(value: Json): Json {
  if (typeof value === 'string') return escapeText(value);
  if (Array.isArray(value)) return value.map((item: Json) => escapeJson(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, item]) => [key, escapeJson(item)]),
  );
}
