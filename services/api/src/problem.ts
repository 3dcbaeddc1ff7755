import { AosError, failures, type Failure, type FailureCode } from '@aos/core';
import type { ProblemResource } from '@aos/sdk';
import { isBusy } from '@aos/store';
import type { Response } from 'express';

import { statusOf } from './status-of.ts';

const RETRY_AFTER_S = 1;

/** What an error is called outside. Anything nobody named is `internal`, without a word of its text. */
export function failureToTell(error: unknown): Failure {
  if (error instanceof AosError && error.code !== 'internal') {
    const { code, message, problems, retryAfterMs } = error;
    return {
      code,
      detail: message,
      ...(problems && { problems }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
  // It gave up on a lock or a slow statement: nothing was done, and later it may be.
  const code = isBusy(error) ? 'database_unavailable' : (codeOfHttpError(error) ?? 'internal');
  return { code, detail: failures[code].meaning };
}

/** Which request it answers, and in which trace. */
export interface Asked {
  readonly requestId: string;
  readonly traceId: string;
}

export function problemOf(failure: Failure, { requestId, traceId }: Asked): ProblemResource {
  return {
    type: `urn:aos:problem:${failure.code}`,
    title: failures[failure.code].meaning,
    status: statusOf[failure.code],
    detail: failure.detail,
    code: failure.code,
    requestId,
    traceId,
    errors: (failure.problems ?? []).map(({ pointer, detail }) => ({ pointer, detail })),
  };
}

export function sendProblem(
  response: Response,
  failure: Failure,
  extra: Partial<ProblemResource> = {},
): void {
  const problem = { ...problemOf(failure, askedOf(response)), ...extra };
  if (problem.status === 503 || problem.status === 429) {
    const seconds =
      failure.retryAfterMs === undefined ? RETRY_AFTER_S : Math.ceil(failure.retryAfterMs / 1000);
    response.set('Retry-After', String(seconds));
  }
  if (problem.status === 401) response.set('WWW-Authenticate', 'Bearer realm="aos"');
  response
    .status(problem.status)
    .set({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(problem));
}

export function askedOf({ locals }: Pick<Response, 'locals'>): Asked {
  return { requestId: String(locals['requestId']), traceId: String(locals['traceId']) };
}

/** Express and its body reader name their refusals by status. */
function codeOfHttpError(error: unknown): FailureCode | undefined {
  const status = error instanceof Error ? (error as { status?: unknown }).status : undefined;
  switch (status) {
    case 400:
      return 'invalid_json';
    case 413:
      return 'payload_too_large';
    case 415:
      return 'unsupported_media_type';
    default:
      return undefined;
  }
}
