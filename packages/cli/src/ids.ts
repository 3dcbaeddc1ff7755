import { idOf, uuidOf, type IdKind } from '@aos/core';

import { usageError } from './command-error.ts';

/** The id of a run as the user gave it, with or without its prefix. */
export function runIdOf(text: string): string {
  return idFrom('run', text, 'run id');
}

export function approvalIdOf(text: string): string {
  return idFrom('approval', text, 'id of an approval');
}

/** A dead letter has the number of its run, so the id of the run will do. */
export function letterIdOf(text: string): string {
  return text.trim().toLowerCase().startsWith('run_')
    ? runIdOf(text)
    : idFrom('deadLetter', text, 'id of a dead letter');
}

export function operationIdOf(text: string): string {
  return idFrom('operation', text, 'id of an operation');
}

function idFrom(kind: IdKind, text: string, what: string): string {
  const id = text.trim().toLowerCase();
  const whole = /^[0-9a-f]{8}-/.test(id) ? idOf(kind, id) : id;
  if (uuidOf(kind, whole) !== undefined) return whole;
  const example = idOf(kind, '019aaf3c-0000-7000-8000-000000000000');
  throw usageError(`${JSON.stringify(text)} is no ${what}. One looks like ${example}.`);
}
