import { AosError } from './failures.ts';
import { isObject, type Json } from './json.ts';

/** Where a value comes from: the first name, then own properties and list positions. */
export interface Reference {
  readonly root: string;
  readonly path: readonly (string | number)[];
}

type Part = string | Reference;

const PATH_PARTS_MAX = 32;
/** A text of 256 KiB can name a large output 50,000 times: what comes out is bounded, not what goes in. */
export const RESOLVED_CHARS_MAX = 16 * 1024 * 1024;
/** A closed grammar: names, `.name`, `[0]`, `["any name"]`. No calls, no operators, nothing to escape from. */
const REFERENCE =
  /^([a-zA-Z][a-zA-Z0-9_]*)((?:\.[a-zA-Z_][a-zA-Z0-9_-]*|\[\d{1,6}\]|\["(?:[^"\\\]]{1,200})"\])*)$/;
const PATH_PART = /\.([a-zA-Z_][a-zA-Z0-9_-]*)|\[(\d{1,6})\]|\["([^"\\\]]{1,200})"\]/g;

/** The value of a whole scope by name: outputs of steps, `input`, and `item`, `index` inside `forEach`. */
export type Scope = ReadonlyMap<string, Json>;

/** Every reference in a template, in order. Throws `plan_invalid` for one that breaks the grammar. */
export function referencesIn(template: Json): Reference[] {
  const found: Reference[] = [];
  walkStrings(template, (text) => {
    for (const part of partsOf(text)) if (typeof part !== 'string') found.push(part);
  });
  return found;
}

/**
 * Replaces the references of a template by values of the scope. What comes out of the scope is data and
 * is never read for references again. Throws `reference_unresolved`, and `skill_input_invalid` when the
 * values together are larger than 16 Mi characters.
 */
export function resolve(template: Json, scope: Scope): Json {
  const spend = allowance();
  return replace(template, (reference) => spend(lookUp(reference, scope)));
}

/** The same, with null for what is not there or too much: for results that are told as far as they go. */
export function resolveWhatIsThere(template: Json, scope: Scope): Json {
  const spend = allowance();
  return replace(template, (reference) => {
    try {
      return spend(lookUp(reference, scope));
    } catch (error) {
      if (error instanceof AosError) return null;
      throw error;
    }
  });
}

/** Passes values on until they are too large together. The first one is only shared, so it is free. */
function allowance(): (value: Json) => Json {
  const sizes = new Map<Json, number>();
  let left = RESOLVED_CHARS_MAX;
  let first: Json | undefined;
  const spend = (value: Json): void => {
    let size = typeof value === 'string' ? value.length : sizes.get(value);
    if (size === undefined) {
      size = JSON.stringify(value).length;
      sizes.set(value, size);
    }
    if (size > left) {
      throw new AosError(
        'skill_input_invalid',
        `The values that the references name are larger than ${RESOLVED_CHARS_MAX} characters together.`,
      );
    }
    left -= size;
  };
  return (value) => {
    if (first === undefined) {
      first = value;
      return value;
    }
    if (left === RESOLVED_CHARS_MAX) spend(first);
    spend(value);
    return value;
  };
}

function replace(template: Json, valueOf: (reference: Reference) => Json): Json {
  if (typeof template === 'string') return replaceText(template, valueOf);
  if (Array.isArray(template)) return template.map((item: Json) => replace(item, valueOf));
  if (isObject(template)) {
    const copy = Object.create(null) as Record<string, Json>;
    for (const [key, item] of Object.entries(template)) copy[key] = replace(item, valueOf);
    return copy;
  }
  return template;
}

/** The reference that a template consists of, when it is nothing but one. */
export function loneReference(template: Json): Reference | undefined {
  if (typeof template !== 'string') return undefined;
  const parts = partsOf(template);
  const [only] = parts;
  return parts.length === 1 && only !== undefined && typeof only !== 'string' ? only : undefined;
}

export function formatReference({ root, path }: Reference): string {
  const tail = path.map((part) =>
    typeof part === 'number'
      ? `[${part}]`
      : /^[a-zA-Z_][a-zA-Z0-9_-]*$/.test(part)
        ? `.${part}`
        : `["${part}"]`,
  );
  return `\${${root}${tail.join('')}}`;
}

function replaceText(text: string, valueOf: (reference: Reference) => Json): Json {
  if (!text.includes('${')) return text;
  const parts = partsOf(text);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') {
    return valueOf(only);
  }
  return parts.map((part) => (typeof part === 'string' ? part : textOf(valueOf(part)))).join('');
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function lookUp(reference: Reference, scope: Scope): Json {
  let value = scope.get(reference.root);
  if (value === undefined) {
    throw new AosError('reference_unresolved', `${formatReference(reference)}: no such value.`);
  }
  for (const part of reference.path) {
    const next: Json | undefined =
      typeof part === 'number'
        ? Array.isArray(value)
          ? (value[part] as Json | undefined)
          : undefined
        : isObject(value) && Object.hasOwn(value, part)
          ? value[part]
          : undefined;
    if (next === undefined) {
      throw new AosError(
        'reference_unresolved',
        `${formatReference(reference)}: there is no ${JSON.stringify(part)} in it.`,
      );
    }
    value = next;
  }
  return value;
}

/** Cuts a text at its references: literals, with `$${` read as `${`, and references, in order. */
export function partsOf(text: string): readonly (string | Reference)[] {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('${', at);
    if (open === -1) break;
    if (text[open - 1] === '$' && open - 1 >= at) {
      literal += text.slice(at, open - 1) + '${';
      at = open + 2;
      continue;
    }
    const close = text.indexOf('}', open);
    if (close === -1) throw badReference(text.slice(open));
    literal += text.slice(at, open);
    if (literal) parts.push(literal);
    literal = '';
    parts.push(parse(text.slice(open + 2, close)));
    at = close + 1;
  }
  literal += text.slice(at);
  if (literal || parts.length === 0) parts.push(literal);
  return parts;
}

function parse(inner: string): Reference {
  const match = REFERENCE.exec(inner);
  if (!match?.[1]) throw badReference(`\${${inner}}`);
  const path: (string | number)[] = [];
  for (const part of (match[2] ?? '').matchAll(PATH_PART)) {
    path.push(part[2] === undefined ? ((part[1] ?? part[3]) as string) : Number(part[2]));
  }
  if (path.length > PATH_PARTS_MAX) throw badReference(`\${${inner}}`);
  return { root: match[1], path };
}

function badReference(text: string): AosError {
  return new AosError(
    'plan_invalid',
    `${JSON.stringify(text.slice(0, 80))} is no reference; write \${step.name}, \${step.list[0]} or \${input.name}, and $\${ for a literal \${.`,
  );
}

function walkStrings(value: Json, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value);
  else if (Array.isArray(value)) for (const item of value as Json[]) walkStrings(item, visit);
  else if (isObject(value)) for (const item of Object.values(value)) walkStrings(item, visit);
}
