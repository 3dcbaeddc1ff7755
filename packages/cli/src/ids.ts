import { idOf, uuidOf } from '@aos/core';

import { usageError } from './command-error.ts';

/** The id of a run as the user gave it, with or without its prefix. */
export function runIdOf(text: string): string {
  return idFrom('run', text, 'run id');
}

export function approvalIdOf(text: string): string {
  return idFrom('approval', text, 'id of an approval');
}

function idFrom(kind: 'run' | 'approval', text: string, what: string): string {
  const id = text.trim().toLowerCase();
  const whole = /^[0-9a-f]{8}-/.test(id) ? idOf(kind, id) : id;
  if (uuidOf(kind, whole) !== undefined) return whole;
  const example = idOf(kind, '019aaf3c-0000-7000-8000-000000000000');
  throw usageError(`${JSON.stringify(text)} is no ${what}. One looks like ${example}.`);
}
