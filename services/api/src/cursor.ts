import { AosError } from '@aos/core';

/** Where a list goes on, opaque to callers. */
export function toCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The parts of a cursor. It came from outside again, so each part must match its pattern. */
export function fromCursor(cursor: string, patterns: readonly RegExp[]): readonly string[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parts = undefined;
  }
  const fits =
    Array.isArray(parts) &&
    parts.length === patterns.length &&
    patterns.every((pattern, at) => typeof parts[at] === 'string' && pattern.test(parts[at]));
  if (!fits) {
    const problems = [{ pointer: '#/cursor', detail: 'is no cursor of this list' }];
    throw new AosError('invalid_request', 'The query: #/cursor is no cursor of this list', {
      problems,
    });
  }
  return parts as string[];
}
