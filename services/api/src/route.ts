import type { FailureCode, JsonSchema } from '@aos/core';
import type { apiKeys } from '@aos/store';
import type { Request, Response } from 'express';

import type { Caller } from './caller.ts';
import type { Services } from './services.ts';

export interface Concerned {
  readonly runId?: string;
  readonly traceId?: string;
}

/** A request that passed everything its route declares. */
export interface Call<Q = unknown, B = unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
  readonly request: Request;
  readonly requestId: string;
  readonly traceId: string;
  /** The place in its trace, when somebody named one or traces are exported. */
  readonly traceparent?: string;
  /** Says of the log line of this request whom it concerned. */
  readonly concerns: (ids: Concerned) => void;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export type Answer =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly json?: unknown;
    }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly mediaType: string;
      readonly content: Buffer | string;
    }
  /** The handler writes the answer itself, and returns when it has ended. */
  | { readonly stream: (response: Response) => Promise<void> };

/** Documented as `application/json` of this schema, or as the media type named. */
export interface AnswerDoc {
  readonly description: string;
  readonly schema?: JsonSchema;
  readonly mediaTypes?: readonly string[];
}

interface RouteBase {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Express form: `:name` is one segment, `*name` is the rest of the path. */
  readonly path: string;
  /** What a key needs; `public` routes need none. Without it nothing is ever public. */
  readonly access: apiKeys.Scope | 'public';
  readonly summary: string;
  readonly description?: string;
  readonly params?: Readonly<Record<string, JsonSchema>>;
  /** An object schema; its integer and array properties say how the text is read. */
  readonly query?: JsonSchema;
  readonly requestHeaders?: Readonly<Record<string, JsonSchema>>;
  readonly body?: JsonSchema;
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Problems it can answer beside those that every route can. */
  readonly fails?: readonly FailureCode[];
}

/**
 * A route as data: registration, authentication, validation, 405s and the OpenAPI document are all made
 * from it, so that they cannot disagree.
 */
export interface Route extends RouteBase {
  readonly handle: (call: Call, services: Services) => Promise<Answer>;
}

/** `Q` and `B` are what `query` and `body` describe. */
export function route<Q = unknown, B = unknown>(
  definition: RouteBase & {
    readonly handle: (call: Call<Q, B>, services: Services) => Promise<Answer>;
  },
): Route {
  return definition as Route;
}
