import type { Names } from './condition.ts';
import type { Value } from './runbook.ts';

const PLACEHOLDER = /\$\{([a-z][a-z0-9_]*)\}/g;

/** The names that `${name}` stands for, anywhere in a value. */
export function placeholdersOf(value: unknown): string[] {
  if (typeof value === 'string')
    return [...value.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(placeholdersOf);
}

/** A name has no value: nothing can be asked or done with it. */
export class MissingValue extends Error {
  override readonly name = 'MissingValue';
}

/** `encode` keeps a value from being more than a value where it stands. */
export function fillText(text: string, names: Names, encode = (value: string) => value): string {
  return text.replaceAll(PLACEHOLDER, (_, name: string) => encode(String(valueOf(name, names))));
}

/** In a path every value stays one segment, or one part of the query. */
export function fillPath(path: string, names: Names): string {
  return fillText(path, names, (value) => {
    if (value === '.' || value === '..' || value === '')
      throw new MissingValue(`"${value}" is no id.`);
    return encodeURIComponent(value);
  });
}

/** In an expression every value stands within quotes. */
export function fillQuery(query: string, names: Names): string {
  return fillText(query, names, (value) =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n'),
  );
}

/** A text that is nothing but a placeholder becomes the value itself, of its own type. */
export function fillBody(body: unknown, names: Names): unknown {
  if (typeof body === 'string') {
    const [, whole] = /^\$\{([a-z][a-z0-9_]*)\}$/.exec(body) ?? [];
    return whole === undefined ? fillText(body, names) : valueOf(whole, names);
  }
  if (Array.isArray(body)) return body.map((item) => fillBody(item, names));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, fillBody(value, names)]),
  );
}

function valueOf(name: string, names: Names): Value {
  const value = names.get(name);
  if (value === undefined) throw new MissingValue(`${name} could not be read.`);
  if (value === null) throw new MissingValue(`There is no ${name}.`);
  return value;
}
