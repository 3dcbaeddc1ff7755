import { randomUUID } from 'node:crypto';

import type { ApiRequest, Query } from './request.ts';
import type {
  CancelManyRequest,
  CaseChangeRequest,
  CaseList,
  CaseResource,
  DeadLetterDetail,
  DeadLetterList,
  DiscardedResource,
  DiscardRequest,
  OperationItemList,
  OperationList,
  OperationResource,
  PreviewResource,
  RedriveRequest,
  RerunManyRequest,
} from './resources.ts';

/** Filters of `deadLetters.list`; see `GET /v1/dead-letters`. */
export interface DeadLetterFilter {
  readonly state?: string;
  readonly case?: string;
  readonly code?: string;
  readonly skill?: string;
  readonly agent?: string;
  readonly failedAfter?: string | Date;
  readonly failedBefore?: string | Date;
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface CaseFilter {
  readonly state?: string;
  readonly owner?: string;
  readonly code?: string;
  readonly skill?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface BeginOptions {
  /** The caller's name for this request; one is made when it is left out, so that retries make one operation. */
  readonly idempotencyKey?: string;
}

/** Begins an operation on many runs, or tells first what it would be about. */
export interface Wish<B> {
  (body: Omit<B, 'dryRun'>, options?: BeginOptions): Promise<OperationResource>;
  preview(body: Omit<B, 'dryRun'>): Promise<PreviewResource>;
}

/** What repairs runs that failed, and works on many runs at once. */
export interface RepairClient {
  readonly deadLetters: {
    list(filter?: DeadLetterFilter): Promise<DeadLetterList>;
    /** By the id of the letter, or of its run. */
    get(id: string): Promise<DeadLetterDetail>;
    readonly redrive: Wish<RedriveRequest>;
    discard(body: DiscardRequest): Promise<DiscardedResource>;
  };
  readonly cases: {
    list(filter?: CaseFilter): Promise<CaseList>;
    get(id: string): Promise<CaseResource>;
    change(id: string, body: CaseChangeRequest): Promise<CaseResource>;
  };
  readonly operations: {
    readonly rerun: Wish<RerunManyRequest>;
    readonly cancel: Wish<CancelManyRequest>;
    list(filter?: {
      readonly state?: string;
      readonly limit?: number;
      readonly cursor?: string;
    }): Promise<OperationList>;
    get(id: string): Promise<OperationResource>;
    items(
      id: string,
      page?: { readonly limit?: number; readonly cursor?: string },
    ): Promise<OperationItemList>;
    abort(id: string, reason: string): Promise<OperationResource>;
  };
}

type Ask = <T>(request: ApiRequest) => Promise<T>;
type Get = <T>(path: string, query?: Query) => Promise<T>;

export function repairRoutes(ask: Ask, get: Get): RepairClient {
  const wish = <B extends object>(path: string): Wish<B> => {
    const begin = (body: Omit<B, 'dryRun'>, { idempotencyKey }: BeginOptions = {}) =>
      ask<OperationResource>({
        method: 'POST',
        path,
        body,
        headers: { 'idempotency-key': `"${idempotencyKey ?? randomUUID()}"` },
        repeatable: true,
      });
    const preview = (body: Omit<B, 'dryRun'>) =>
      ask<PreviewResource>({
        method: 'POST',
        path,
        body: { ...body, dryRun: true },
        repeatable: true,
      });
    return Object.assign(begin, { preview });
  };
  const post = <T>(path: string, body: unknown) =>
    ask<T>({ method: 'POST', path, body, repeatable: true });
  return {
    deadLetters: {
      list: (filter) => get('/v1/dead-letters', { ...filter }),
      get: (id) => get(`/v1/dead-letters/${encodeURIComponent(id)}`),
      redrive: wish('/v1/dead-letters/redrive'),
      discard: (body) => post('/v1/dead-letters/discard', body),
    },
    cases: {
      list: (filter) => get('/v1/cases', { ...filter }),
      get: (id) => get(`/v1/cases/${encodeURIComponent(id)}`),
      change: (id, body) => post(`/v1/cases/${encodeURIComponent(id)}`, body),
    },
    operations: {
      rerun: wish('/admin/rerun'),
      cancel: wish('/admin/cancel'),
      list: (filter) => get('/admin/operations', { ...filter }),
      get: (id) => get(operation(id)),
      items: (id, page) => get(operation(id, '/items'), { ...page }),
      abort: (id, reason) => post(operation(id, '/abort'), { reason }),
    },
  };
}

function operation(id: string, rest = ''): string {
  return `/admin/operations/${encodeURIComponent(id)}${rest}`;
}
