import { randomUUID } from 'node:crypto';

import type { RequestHandler } from 'express';

import { knownMethod, traceRequest } from './request-trace.ts';
import type { Services } from './services.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Names each request, and tells how it ended: one log line and two metrics. */
export function requestLog({ log, metrics, tracing }: Services): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    const given = request.headers['x-request-id'];
    const requestId =
      typeof given === 'string' && REQUEST_ID.test(given) ? given : `req_${randomUUID()}`;
    response.locals['requestId'] = requestId;
    response.set('X-Request-Id', requestId);
    response.once('close', () => {
      const seconds = (performance.now() - began) / 1000;
      // The pattern, never the path: labels and log fields stay few.
      const route = String(response.locals['route'] ?? 'none');
      const method = knownMethod(request);
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.httpRequests.inc({ method, route, status: String(status) });
      metrics.httpRequestDuration.observe({ method, route }, seconds);
      const level = status >= 500 ? 'warn' : QUIET.has(route) ? 'debug' : 'info';
      log[level]('http.answered', {
        requestId,
        method,
        route,
        status,
        durationMs: Math.round(seconds * 1000),
        tenant: response.locals['tenant'] as unknown,
        keyId: response.locals['keyId'] as unknown,
        code: response.locals['code'] as unknown,
        runId: response.locals['runId'] as unknown,
        traceId: response.locals['traceId'] as unknown,
      });
    });
    traceRequest(tracing, request, response, next);
  };
}

/** Asked every few seconds by machines. */
const QUIET: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);
