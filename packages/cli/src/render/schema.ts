import { isObject, type Json } from '@aos/core';

import { oneLine } from '../text/clean.ts';
import { fit } from '../text/width.ts';

const DEPTH_MAX = 4;
const PROPERTIES_MAX = 60;
const CHARS_MAX = 200;

/** The properties of a JSON Schema, one a line, with their kind and their rules. The schema is cleaned. */
export function schemaLines(schema: unknown): string[] {
  if (!isObject(schema)) return ['anything'];
  const lines = propertyLines(schema, 0);
  if (lines.length === 0) return [kindOf(schema)];
  const left = lines.length - PROPERTIES_MAX;
  return left > 0 ? [...lines.slice(0, PROPERTIES_MAX), `… ${left} more`] : lines;
}

function propertyLines(schema: Json, depth: number): string[] {
  if (!isObject(schema) || depth >= DEPTH_MAX) return [];
  if (isObject(schema['items'])) return propertyLines(schema['items'], depth);
  const { properties } = schema;
  if (!isObject(properties)) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).flatMap(([name, inner]) => {
    const must = required.includes(name) ? ', required' : '';
    const told = isObject(inner) ? `${kindOf(inner)}${must}${rulesOf(inner)}` : `anything${must}`;
    return [
      fit(`${'  '.repeat(depth)}${name}  ${told}${describe(inner)}`, CHARS_MAX),
      ...propertyLines(inner, depth + 1),
    ];
  });
}

function kindOf(schema: Json): string {
  if (!isObject(schema)) return 'anything';
  if (Array.isArray(schema['enum'])) {
    return `one of ${schema['enum'].map((value) => JSON.stringify(value)).join(', ')}`;
  }
  if ('const' in schema) return `always ${JSON.stringify(schema['const'])}`;
  const { type } = schema;
  if (type === 'array') return `list of ${kindOf(schema['items'] ?? {})}`;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return type.join(' or ');
  const branches = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(branches)
    ? branches.map((branch: Json) => kindOf(branch)).join(' or ')
    : 'anything';
}

/** The bounds that a caller meets first. */
const rules: Readonly<Record<string, (value: string) => string>> = {
  minimum: (value) => `from ${value}`,
  maximum: (value) => `up to ${value}`,
  minLength: (value) => `${value} or more characters`,
  maxLength: (value) => `up to ${value} characters`,
  minItems: (value) => `${value} or more items`,
  maxItems: (value) => `up to ${value} items`,
  pattern: (value) => `like ${value}`,
  format: (value) => value,
};

function rulesOf(schema: { readonly [name: string]: Json }): string {
  const told = Object.entries(rules).flatMap(([keyword, sayWith]) => {
    const value = schema[keyword];
    return value === undefined ? [] : [sayWith(textOf(value))];
  });
  const fallback = schema['default'];
  const all = fallback === undefined ? told : [...told, `default ${JSON.stringify(fallback)}`];
  return all.length === 0 ? '' : `, ${all.join(', ')}`;
}

function describe(schema: Json): string {
  const text = isObject(schema) ? schema['description'] : undefined;
  return typeof text === 'string' ? `. ${oneLine(text)}` : '';
}

function textOf(value: Json): string {
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}
