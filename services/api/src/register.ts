import { AosError, failures, problemsOf, sentence, storableText, type Failure } from '@aos/core';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';

import { requireScope } from './authenticate.ts';
import { callContext } from './call-context.ts';
import { failureToTell, sendProblem } from './problem.ts';
import { createRateLimit } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import { readQuery } from './read-query.ts';
import type { Caller } from './caller.ts';
import type { Answer, Call, Route } from './route.ts';
import type { Services } from './services.ts';

/**
 * Registers the routes. Every request passes the same gates in the same order: who asks, may they, how
 * often, what do they send. Whatever is not declared public asks for a key, unknown paths included.
 */
export function register(app: Express, routes: readonly Route[], services: Services): void {
  const limit = createRateLimit(services.settings.requestsPerSecond);
  const admit = async (request: Request, response: Response): Promise<Caller> => {
    const caller = await services.authenticator.callerOf(request.headers.authorization);
    Object.assign(response.locals, { tenant: caller.tenant, keyId: caller.keyId });
    return caller;
  };

  const decodable = passing(async (request, response, next) => {
    if (isDecodable(request.path)) return next();
    await admit(request, response);
    throw new AosError('route_not_found', failures.route_not_found.meaning);
  });
  app.use(decodable);
  for (const route of routes) {
    const answer = passing(async (request, response) => {
      response.locals['route'] = route.path;
      const caller = route.access === 'public' ? NOBODY : await admit(request, response);
      if (route.access !== 'public') {
        requireScope(caller, route.access);
        await limit(caller.keyId, response);
      }
      const call = await readCall(route, caller, request, response);
      await send(response, await route.handle(call, services));
    });
    app[route.method](route.path, answer);
  }
  for (const [path, of] of Map.groupBy(routes, (route) => route.path)) {
    const open = of.some(({ access }) => access === 'public');
    const methods = of.map(({ method }) => method.toUpperCase());
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
    const refuse = passing(async (request, response) => {
      response.locals['route'] = path;
      if (!open) await admit(request, response);
      response.set('Allow', allow);
      throw new AosError('method_not_allowed', `This route knows ${allow}.`);
    });
    app.all(path, refuse);
  }
  const unknown = passing(async (request, response) => {
    await admit(request, response);
    throw new AosError('route_not_found', failures.route_not_found.meaning);
  });
  app.use(unknown);
  app.use(answerFailure(services));
}

/** Hands what goes wrong to the last handler. */
function passing(
  work: (request: Request, response: Response, next: NextFunction) => Promise<void>,
): RequestHandler {
  return (request, response, next) => void work(request, response, next).catch(next);
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Public routes act for nobody. */
const NOBODY: Caller = { keyId: '', tenant: '', name: '', scopes: [] };

async function readCall(
  route: Route,
  caller: Caller,
  request: Request,
  response: Response,
): Promise<Call> {
  const body = route.body ? await readBody(request, response) : undefined;
  const problems = route.body ? problemsOf(route.body, body) : [];
  if (problems.length > 0) {
    throw new AosError('invalid_request', `The request: ${sentence(problems)}`, { problems });
  }
  const params = readParams(request);
  return {
    params,
    // Scrapers and probes may add parameters of their own; nobody else may.
    query: route.access === 'public' ? {} : readQuery(request.url, route.query),
    body,
    caller,
    request,
    ...callContext(route.path, params, response),
    get signal() {
      return goneSignal(response);
    },
  };
}

/** Aborts when the caller has gone. Made for those who ask: few routes wait. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  // A reason of our own: without one, every abort makes an exception with a stack.
  const onClose = (): void => gone.abort('gone');
  if (response.closed) onClose();
  else response.once('close', onClose);
  return gone.signal;
}

/** A wildcard gives its segments. */
function readParams(request: Request): Record<string, string> {
  const entries = Object.entries(request.params as Record<string, string | string[]>);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      storableText(Array.isArray(value) ? value.join('/') : value),
    ]),
  );
}

async function send(response: Response, answer: Answer): Promise<void> {
  if ('stream' in answer) return answer.stream(response);
  response.status(answer.status).set({ 'Cache-Control': 'no-store', ...answer.headers });
  if ('content' in answer) {
    // Not by Express, which would add a charset that nobody knows.
    response.setHeader('Content-Type', answer.mediaType).end(answer.content);
  } else if (answer.json === undefined) response.end();
  else response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer.json));
}

/** The last handler: one place where everything thrown becomes an answer. */
function answerFailure({ log }: Services) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const failure: Failure = failureToTell(error);
    response.locals['code'] = failure.code;
    if (failure.code === 'internal') {
      const requestId = String(response.locals['requestId']);
      const traceId = response.locals['traceId'] as unknown;
      log.error('http.failed', {
        requestId,
        traceId,
        error: error instanceof Error ? error.stack : error,
      });
    }
    if (response.headersSent) {
      request.socket.destroy();
      return;
    }
    sendProblem(response, failure);
  };
}
