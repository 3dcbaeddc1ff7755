import type { Problem } from '@aos/core';

import type { ProblemResource } from './resources.ts';

/** The API said no. `code` is one of the failure table; decide by it, not by the text. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly problems: readonly Problem[];
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
  /** How long the API asked to wait before another try. */
  readonly retryAfterMs: number | undefined;
  /** The whole answer. */
  readonly body: Partial<ProblemResource>;

  constructor(status: number, body: Partial<ProblemResource>, retryAfterMs?: number) {
    super(`${body.code ?? status}: ${body.detail ?? body.title ?? 'The API refused the request.'}`);
    this.status = status;
    this.code = body.code ?? 'internal';
    this.detail = body.detail ?? '';
    this.problems = body.errors ?? [];
    this.requestId = body.requestId;
    this.traceId = body.traceId;
    this.retryAfterMs = retryAfterMs;
    this.body = body;
  }
}

const PROBLEM_BYTES_MAX = 1024 * 1024;

/** The error of an answer that is none of 2xx. Also of answers that no AOS wrote, such as a proxy's. */
export async function apiError(response: Response): Promise<ApiError> {
  const text = (await response.text()).slice(0, PROBLEM_BYTES_MAX);
  return new ApiError(response.status, bodyOf(text, response), askedMs(response.headers));
}

function bodyOf(text: string, response: Response): Partial<ProblemResource> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    try {
      return JSON.parse(text) as Partial<ProblemResource>;
    } catch {
      // Cut short on the way: the status still tells something.
    }
  }
  return { title: `HTTP ${response.status} ${response.statusText}`.trim() };
}

function askedMs(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
