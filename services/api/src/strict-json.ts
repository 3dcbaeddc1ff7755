import { AosError, isDeeperThan, JSON_DEPTH_MAX, storable, type Json } from '@aos/core';

/**
 * The value of a JSON text from outside. Refuses what parsers disagree about: other encodings than
 * UTF-8, a byte order mark, repeated names, numbers out of range, nesting deeper than 64 levels. What
 * PostgreSQL cannot store (NUL, lone surrogates) becomes U+FFFD.
 */
export function strictJson(bytes: Buffer): Json {
  const text = decoded(bytes);
  const value = parsed(text);
  if (!isAsWritten(value, text)) inspect(text);
  return storable(value);
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Buffer): string {
  try {
    return UTF_8.decode(bytes);
  } catch (error) {
    throw new AosError('invalid_json', 'The body is not valid UTF-8.', { cause: error });
  }
}

function parsed(text: string): unknown {
  if (text.startsWith('\uFEFF')) {
    throw new AosError('invalid_json', 'The body begins with a byte order mark.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const where = error instanceof Error ? /position \d+/.exec(error.message)?.[0] : undefined;
    throw new AosError(
      'invalid_json',
      `The body is not valid JSON${where ? `, at ${where}` : ''}.`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Whether a text is what `JSON.stringify` makes of its value, as nearly all bodies are. Then no name is
 * repeated, for only one of them could be in the value, and no number out of range, for it would be null.
 */
function isAsWritten(value: unknown, text: string): boolean {
  return !isDeeperThan(value, JSON_DEPTH_MAX - 1) && JSON.stringify(value) === text;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]/g;

/** Walks the tokens of a text that is known to be valid JSON. Iterative: depth costs no stack. */
function inspect(text: string): void {
  /** The names seen so far in each open object; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (const [token] of text.matchAll(TOKEN)) {
    switch (token[0]) {
      case '{':
      case '[':
        open.push(token === '{' ? new Set() : undefined);
        if (open.length > JSON_DEPTH_MAX) throw tooDeep();
        expectsName = token === '{';
        break;
      case '}':
      case ']':
        open.pop();
        expectsName = false;
        break;
      case ',':
        expectsName = open.at(-1) !== undefined;
        break;
      case ':':
        expectsName = false;
        break;
      case '"':
        if (expectsName) addName(open.at(-1), token);
        break;
      default:
        if (!Number.isFinite(Number(token))) {
          throw new AosError('invalid_json', 'The body has a number that is out of range.');
        }
    }
  }
}

function addName(names: Set<string> | undefined, token: string): void {
  const name = JSON.parse(token) as string;
  if (names?.has(name)) {
    const shown = JSON.stringify(name.slice(0, 80));
    throw new AosError('invalid_json', `The body names ${shown} twice in one object.`);
  }
  names?.add(name);
}

function tooDeep(): AosError {
  const detail = `is nested deeper than ${JSON_DEPTH_MAX} levels`;
  return new AosError('invalid_request', `The body ${detail}.`, {
    problems: [{ pointer: '#', detail }],
  });
}
