import { setTimeout as sleep } from 'node:timers/promises';

import { ApiError, apiError } from './api-error.ts';

export interface ClientOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly apiKey: string;
  /** In the place of the global one: tests, proxies. */
  readonly fetch?: typeof fetch;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Whether sending it twice does what sending it once does. */
  readonly repeatable: boolean;
}

export type Query = Readonly<Record<string, string | number | Date | undefined>>;

const ATTEMPTS_MAX = 5;
const DELAY_MS = 200;
const DELAY_MAX_MS = 5_000;

/**
 * Sends a request and returns the answer when it is a 2xx; throws `ApiError` else. What is repeatable is
 * sent again when the connection breaks, and when the API says 503 with a Retry-After.
 */
export async function send(options: ClientOptions, request: ApiRequest): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const answer = await once(options, request);
    if (answer instanceof Response) return answer;
    const last = !request.repeatable || attempt >= ATTEMPTS_MAX || request.signal?.aborted;
    if (last || !mayPass(answer)) throw answer;
    await sleep(retryDelayMs(attempt, answer), undefined, { signal: request.signal });
  }
}

/** Full jitter below a doubling bound, and never sooner than the API asked. */
export function retryDelayMs(attempt: number, error?: Error): number {
  const ceiling = Math.min(DELAY_MS * 2 ** (attempt - 1), DELAY_MAX_MS);
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(asked, 60_000) + Math.random() * ceiling;
}

export function urlOf(base: string, path: string, query: Query = {}): URL {
  const url = new URL(base.replace(/\/+$/, '') + path);
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    url.searchParams.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return url;
}

async function once(options: ClientOptions, request: ApiRequest): Promise<Response | Error> {
  const { method, signal, body } = request;
  try {
    const response = await (options.fetch ?? fetch)(
      urlOf(options.url, request.path, request.query),
      {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${options.apiKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...request.headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
        redirect: 'error',
      },
    );
    return response.ok ? response : await apiError(response);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function mayPass(error: Error): boolean {
  if (error instanceof ApiError) return error.status === 503 && error.retryAfterMs !== undefined;
  // `fetch` tells every broken connection as a TypeError; an abort is a DOMException.
  return error instanceof TypeError;
}
