import { uuidOf } from '@aos/core';
import type { Response } from 'express';

import { askedOf } from './problem.ts';
import type { Call } from './route.ts';

/** What a handler knows of its request, and may say of it. */
export function callContext(
  route: string,
  { id = '' }: Readonly<Record<string, string>>,
  response: Response,
): Pick<Call, 'requestId' | 'traceId' | 'traceparent' | 'concerns'> {
  const { locals } = response;
  const traceparent = locals['traceparent'] as string | undefined;
  // What is no id of a run is not repeated.
  if (route.startsWith('/v1/runs/:id') && uuidOf('run', id)) locals['runId'] = id;
  return {
    ...askedOf(response),
    ...(traceparent !== undefined && { traceparent }),
    concerns: (ids) => void Object.assign(locals, ids),
  };
}
