import type { ServerResponse } from 'node:http';

const typeOf: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error in the provider's form. */
export function sendError(
  response: ServerResponse,
  error: { status: number; message?: string; retryAfter?: string; code?: string },
): void {
  const { status, message = 'The double was told to fail.', retryAfter, code } = error;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  const details = code === undefined ? null : { error_code: code };
  const type = typeOf[status] ?? 'api_error';
  sendJson(response, status, { type: 'error', error: { type, message, details } });
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
