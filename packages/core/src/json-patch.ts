import { isDeepStrictEqual } from 'node:util';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Why a patch does not apply; the message names the operation. */
export class PatchError extends Error {}

type Container = Record<string, unknown> | unknown[];

/** Names that reach a prototype: no document needs to patch them. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** A few copies of copies fill any memory: what `copy` adds together is bounded. */
export const COPIED_CHARS_MAX = 4 * 1024 * 1024;

/** Applies an RFC 6902 patch to a document that nobody else holds, and returns the result. All or nothing. */
export function applyPatch(document: unknown, patch: readonly PatchOperation[]): unknown {
  const root = { '': document };
  let left = COPIED_CHARS_MAX;
  const copy = (value: unknown): unknown => {
    const text = JSON.stringify(value);
    left -= text.length;
    if (left < 0) throw new PatchError(`it copies more than ${COPIED_CHARS_MAX} characters.`);
    return JSON.parse(text);
  };
  patch.forEach((operation, index) => {
    try {
      apply(root, operation, copy);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      const { op, path } = operation;
      throw new PatchError(`Operation ${index} (${op} ${JSON.stringify(path)}): ${error.message}`);
    }
  });
  return root[''];
}

function apply(
  root: Container,
  { op, path, from, value }: PatchOperation,
  copy: (value: unknown) => unknown,
): void {
  if ((op === 'add' || op === 'replace' || op === 'test') && value === undefined) {
    throw new PatchError('it has no value.');
  }
  const to = tokensOf(path);
  // One patch is applied to many documents: none of them may hold a part of it.
  const own = () => structuredClone(value);
  switch (op) {
    case 'add':
      return add(root, to, own());
    case 'remove':
      return void remove(root, to);
    case 'replace':
      remove(root, to, true);
      return add(root, to, own());
    case 'move': {
      const source = tokensOf(from);
      if (to.length > source.length && source.every((token, index) => token === to[index])) {
        throw new PatchError('a value cannot be moved into itself.');
      }
      return add(root, to, remove(root, source));
    }
    case 'copy':
      return add(root, to, copy(get(root, tokensOf(from))));
    case 'test':
      if (!isDeepStrictEqual(get(root, to), value))
        throw new PatchError('the value is another one.');
  }
}

/** The names of a JSON Pointer, below a root whose only member is "": so the whole document has a parent. */
function tokensOf(pointer: string | undefined): string[] {
  if (pointer === undefined) throw new PatchError('it has no from.');
  if (pointer !== '' && !pointer.startsWith('/')) throw new PatchError('the pointer has no slash.');
  const tokens = pointer
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (tokens.some((token) => FORBIDDEN.has(token))) throw new PatchError('the name is forbidden.');
  return tokens;
}

function get(root: Container, tokens: readonly string[]): unknown {
  let value: unknown = root;
  for (const token of tokens) {
    const key = Array.isArray(value) ? indexOf(value, token, value.length - 1) : token;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) throw missing();
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function add(root: Container, tokens: readonly string[], value: unknown): void {
  const parent = get(root, tokens.slice(0, -1));
  const token = tokens.at(-1) ?? '';
  if (Array.isArray(parent)) {
    parent.splice(token === '-' ? parent.length : indexOf(parent, token, parent.length), 0, value);
  } else if (typeof parent === 'object' && parent !== null) {
    (parent as Record<string, unknown>)[token] = value;
  } else throw missing();
}

/** `inPlace` keeps the root, which is replaced and never absent. */
function remove(root: Container, tokens: readonly string[], inPlace = false): unknown {
  const value = get(root, tokens);
  const token = tokens.at(-1) ?? '';
  if (tokens.length === 1 && !inPlace)
    throw new PatchError('the whole document cannot be removed.');
  const parent = get(root, tokens.slice(0, -1)) as Container;
  if (Array.isArray(parent)) parent.splice(Number(token), 1);
  else delete parent[token];
  return value;
}

function indexOf(list: readonly unknown[], token: string, max: number): number {
  if (!/^(0|[1-9]\d{0,9})$/.test(token) || Number(token) > max) {
    throw new PatchError(`${JSON.stringify(token)} is no position in a list of ${list.length}.`);
  }
  return Number(token);
}

function missing(): PatchError {
  return new PatchError('the path does not exist.');
}
