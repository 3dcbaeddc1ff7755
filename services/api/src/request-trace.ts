import { randomUUID } from 'node:crypto';

import { readTraceparent, toTraceparent, traceIdFrom, type TraceContext } from '@aos/core';
import { attribute, type OpenSpan, type Tracing } from '@aos/telemetry';
import type { Request, Response } from 'express';

/** Asked every few seconds by machines: no traces of them. */
const QUIET = /^\/(?:livez|readyz|metrics)(?:\?|$)/;

/**
 * Gives the request its place in a trace: the caller's, or one that begins here. While traces are
 * exported it is a span, and whatever `next` begins is below it.
 */
export function traceRequest(
  tracing: Tracing | undefined,
  request: Request,
  response: Response,
  next: () => void,
): void {
  const given = request.headers['traceparent'];
  const caller = typeof given === 'string' ? readTraceparent(given) : undefined;
  if (!tracing || QUIET.test(request.url)) {
    response.locals['traceId'] = caller?.traceId ?? traceIdFrom(randomUUID());
    if (caller) response.locals['traceparent'] = toTraceparent(caller);
    return next();
  }
  const span = beginSpan(tracing, request, caller);
  response.locals['traceId'] = span.context.traceId;
  response.locals['traceparent'] = toTraceparent(span.context);
  response.once('close', () => endSpan(span, request, response));
  tracing.within(span, next);
}

function beginSpan(tracing: Tracing, request: Request, parent: TraceContext | undefined): OpenSpan {
  const name = knownMethod(request);
  const attributes = { [attribute.httpMethod]: name };
  return tracing.begin({ name, kind: 'server', attributes, ...(parent && { parent }) });
}

/** Named by the pattern: a path holds ids, and whatever else somebody sends. */
function endSpan(span: OpenSpan, request: Request, response: Response): void {
  const { locals } = response;
  const status = response.writableFinished ? response.statusCode : 499;
  const route = locals['route'] as string | undefined;
  if (route !== undefined) span.rename(`${knownMethod(request)} ${route}`);
  span.set({
    [attribute.httpRoute]: route,
    [attribute.httpStatus]: status,
    [attribute.tenant]: locals['tenant'] as string | undefined,
    [attribute.requestId]: String(locals['requestId']),
    [attribute.runId]: locals['runId'] as string | undefined,
  });
  span.end(status >= 500 ? String(locals['code'] ?? status) : undefined);
}

/** A name among few: labels of metrics and names of spans must not grow without bounds. */
export function knownMethod({ method }: Request): string {
  return METHODS.has(method) ? method : 'other';
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
