import { createHash } from 'node:crypto';

import { AosError, canonicalJson, type Json } from '@aos/core';
import type { Request } from 'express';

const WAIT_S_MAX = 60;
const KEY = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** The seconds of `Prefer: wait=N`, at most 60; 0 without it. Preferences nobody knows are ignored. */
export function preferredWaitS(request: Request): number {
  const [, seconds] =
    /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(headerOf(request, 'prefer')) ?? [];
  return Math.min(Number(seconds ?? 0), WAIT_S_MAX);
}

export interface Idempotency {
  readonly key: string;
  readonly bodyHash: Buffer;
}

/** `Idempotency-Key`, quoted as the draft says or bare, with the hash of what was asked under it. */
export function idempotencyOf(request: Request, asked: Json): Idempotency | undefined {
  const given = headerOf(request, 'idempotency-key').trim();
  if (given === '') return undefined;
  const key = /^"([^"\\]*)"$/.exec(given)?.[1] ?? given;
  if (!KEY.test(key)) {
    throw invalidHeader('Idempotency-Key', 'must be 1 to 200 visible ASCII characters');
  }
  const text = `${request.method} ${request.path}\n${canonicalJson(asked)}`;
  return { key, bodyHash: createHash('sha256').update(text).digest() };
}

/** The version that `If-Match` names. Throws `precondition_required` without the header. */
export function matchedVersion(request: Request): number | '*' {
  const given = headerOf(request, 'if-match').trim();
  if (given === '') {
    throw new AosError(
      'precondition_required',
      'Send If-Match with the ETag of the version you read.',
    );
  }
  if (given === '*') return '*';
  const [, version] = /^"(\d{1,9})(?:-disabled)?"$/.exec(given) ?? [];
  if (!version) throw new AosError('version_conflict', 'If-Match names no version of this agent.');
  return Number(version);
}

/** Where a stream goes on: `Last-Event-ID`, set by the client when it reconnects. */
export function lastEventId(request: Request): number | undefined {
  const given = headerOf(request, 'last-event-id').trim();
  if (given === '') return undefined;
  if (!/^\d{1,9}$/.test(given)) throw invalidHeader('Last-Event-ID', 'must be the id of an event');
  return Number(given);
}

function headerOf(request: Request, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

function invalidHeader(name: string, detail: string): AosError {
  return new AosError('invalid_request', `The header ${name} ${detail}.`, {
    problems: [{ pointer: `#/headers/${name}`, detail }],
  });
}
