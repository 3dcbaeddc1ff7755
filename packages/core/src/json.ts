import { hash } from 'node:crypto';

import { AosError } from './failures.ts';

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** Deeper documents are refused: `JSON.stringify` itself overflows the stack at some depth. */
export const JSON_DEPTH_MAX = 64;

const REPLACEMENT = '\uFFFD';

/**
 * Makes any value storable as jsonb: PostgreSQL refuses NUL and lone surrogates (22P05, 22P02), so they
 * become U+FFFD; what JSON cannot say (undefined, functions, NaN) becomes absent or null.
 *
 * Throws `output_too_large` when it is nested deeper than 64 levels.
 */
export function storable(value: unknown, depth = 0): Json {
  if (depth > JSON_DEPTH_MAX) {
    throw new AosError('output_too_large', `Nested deeper than ${JSON_DEPTH_MAX} levels.`);
  }
  switch (typeof value) {
    case 'string':
      return storableText(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  // A null prototype: an own key named `__proto__` stays data.
  const copy = Object.create(null) as Record<string, Json>;
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) copy[storableText(key)] = storable(item, depth + 1);
  }
  return copy;
}

export function storableText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', REPLACEMENT) : wellFormed;
}

/** JSON text with sorted keys: equal values have equal text, whatever wrote them. An undefined member is absent. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value as { readonly [key: string]: Json | undefined })
    .filter((member): member is [string, Json] => member[1] !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 of the canonical text, as `sha256:<hex>`. */
export function hashJson(value: Json): string {
  return `sha256:${hash('sha256', canonicalJson(value))}`;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without recursion, since what is looked at may be too deep for it. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  const waiting: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > levels) return true;
    for (const item of Object.values(next.value)) {
      waiting.push({ value: item, depth: next.depth + 1 });
    }
  }
  return false;
}
