import {
  AosError,
  isObject,
  foreignProblemsOf,
  storable,
  type Json,
  type JsonSchema,
  type Problem,
} from '@aos/core';

/** A longer answer is not repaired: sending it back would cost more than asking anew. */
export const REPAIRABLE_CHARS_MAX = 200_000;
const PROBLEMS_MAX = 20;
const DETAIL_CHARS_MAX = 300;
const CANDIDATES_MAX = 20;

/** The JSON value of an answer, or what is wrong with it. */
export type Reading =
  { readonly json: Json } | { readonly problems: readonly [Problem, ...Problem[]] };

export function readAnswer(
  text: string,
  schema: JsonSchema,
  check: (answer: Json) => readonly Problem[] = () => [],
): Reading {
  const found = jsonIn(text, schema['type'] === 'object');
  if (found.length !== 1) {
    return wrong(
      found.length === 0
        ? 'holds no JSON value that can be parsed; give exactly one'
        : 'holds several JSON values; give exactly one and nothing else',
    );
  }
  let json: Json;
  try {
    // Storable: the database refuses NUL and lone surrogates, and nothing may nest without bound.
    json = JSON.parse(JSON.stringify(storable(found[0]))) as Json;
  } catch (error) {
    if (error instanceof AosError) return wrong(error.message);
    throw error;
  }
  const broken = foreignProblemsOf(schema, json);
  const [first, ...rest] = bounded(broken.length > 0 ? broken : check(json));
  return first ? { problems: [first, ...rest] } : { json };
}

/** The turn that shows the model what was wrong. */
export function repairText(problems: readonly Problem[]): string {
  const lines = problems.map(({ pointer, detail }) => `- ${pointer} ${detail}`);
  return [
    'Your answer cannot be used. Its problems, each with a JSON Pointer into it:',
    ...lines,
    'Answer again with the whole corrected JSON value and nothing else.',
  ].join('\n');
}

/** They quote the answer, which may be long, and are stored with the failure. */
function bounded(problems: readonly Problem[]): Problem[] {
  return problems.slice(0, PROBLEMS_MAX).map(({ pointer, detail }) => ({
    pointer: pointer.slice(0, DETAIL_CHARS_MAX),
    detail: detail.slice(0, DETAIL_CHARS_MAX),
  }));
}

function wrong(detail: string): Reading {
  return { problems: [{ pointer: '#', detail }] };
}

/**
 * The JSON values of a text: the text itself, or the outermost values that stand in its prose. Several
 * are all returned, since guessing which one is meant could run a plan that was only quoted.
 */
function jsonIn(text: string, objectsOnly: boolean): Json[] {
  const whole = parse(text.trim());
  if (whole !== undefined) return [whole];
  const found: Json[] = [];
  let at = 0;
  for (let tried = 0; tried < CANDIDATES_MAX; tried++) {
    const start = next(text, at, objectsOnly);
    if (start === -1) break;
    const end = closing(text, start);
    // Cut off or malformed: a value inside of it is a fragment, never the answer.
    if (end === -1) break;
    const value = parse(text.slice(start, end));
    if (value !== undefined && (!objectsOnly || isObject(value))) found.push(value);
    at = end;
  }
  return found;
}

function next(text: string, from: number, objectsOnly: boolean): number {
  const brace = text.indexOf('{', from);
  const bracket = objectsOnly ? -1 : text.indexOf('[', from);
  if (brace === -1 || bracket === -1) return Math.max(brace, bracket);
  return Math.min(brace, bracket);
}

/** The position after the bracket that closes the one at `start`; -1 when it stays open. */
function closing(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return -1;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
