import {
  AosError,
  newRunSchema,
  outcomes,
  planners,
  statuses,
  traceIdOf,
  waitKinds,
  type Json,
  type JsonSchema,
  type NewRun,
  type Outcome,
  type PlannerName,
  type Status,
  type WaitingFor,
} from '@aos/core';
import { rerunSchema, runListSchema, runSchema, type RerunRequest } from '@aos/sdk';
import { acceptedView, runs, tenants, type Acceptance, type Accepted } from '@aos/store';

import { fromCursor, toCursor } from '../cursor.ts';
import { newRun } from '../new-run.ts';
import { idempotencyOf, preferredWaitS } from '../request-headers.ts';
import { rerun } from '../rerun.ts';
import { route, type Answer, type Call } from '../route.ts';
import { runResource } from '../run-resource.ts';
import type { Services } from '../services.ts';
import { waitForEnd } from '../wait-for-end.ts';

export const runIdParam = {
  id: { type: 'string', description: 'Such as run_019aaf3c-….' },
} as const;

const accepted = {
  200: { description: 'The run, finished within the time of Prefer: wait.', schema: runSchema },
  202: { description: 'Accepted: the run is stored and will be done.', schema: runSchema },
} as const;

const acceptHeaders = {
  'Idempotency-Key': {
    type: 'string',
    description: 'Your name for this request: sent again, it answers with the same run.',
  },
  Prefer: { type: 'string', description: 'wait=N holds the answer up to N seconds, at most 60.' },
} as const;

/** There is no room for a new run. */
const refusals = ['tenant_queue_full', 'overloaded'] as const;

const filter = {
  type: 'object',
  additionalProperties: false,
  properties: {
    status: { enum: [...statuses] },
    outcome: { enum: [...outcomes] },
    waitingFor: { enum: [...waitKinds], description: 'What they wait for: retrying or stuck.' },
    agent: { type: 'string', maxLength: 100 },
    planner: { enum: [...planners] },
    tag: { type: 'string', maxLength: 100 },
    skill: { type: 'string', maxLength: 100, description: 'A skill that one of its steps used.' },
    error: { type: 'string', maxLength: 100, description: 'The failure code it ended with.' },
    createdAfter: { type: 'string', format: 'date-time' },
    createdBefore: { type: 'string', format: 'date-time' },
    origin: { ...runIdParam.id, maxLength: 100, description: 'Made by running this run again.' },
    q: { type: 'string', maxLength: 200, description: 'Words of the goal.' },
    limit: { type: 'integer', minimum: 1, maximum: 200 },
    cursor: { type: 'string', maxLength: 500 },
  },
} as const satisfies JsonSchema;

interface Filter {
  readonly status?: Status;
  readonly outcome?: Outcome;
  readonly waitingFor?: WaitingFor;
  readonly agent?: string;
  readonly planner?: PlannerName;
  readonly tag?: string;
  readonly skill?: string;
  readonly error?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly origin?: string;
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const PAGE = 50;
/** A time as PostgreSQL writes it. */
export const DATABASE_TIME = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-][\d:]{2,8}$/;
const PLACE = [DATABASE_TIME, /^run_[0-9a-f-]{36}$/];

export const runRoutes = [
  route<unknown, NewRun>({
    method: 'post',
    path: '/v1/runs',
    access: 'runs:write',
    summary: 'Give a goal; AOS plans and does it',
    requestHeaders: acceptHeaders,
    body: newRunSchema,
    answers: accepted,
    fails: ['idempotency_mismatch', 'idempotency_in_flight', 'run_not_found', ...refusals],
    handle: (call, services) =>
      accept(call, services, call.body.priority ?? 0, () =>
        newRun(services, call.caller, call.body),
      ),
  }),
  route<Filter>({
    method: 'get',
    path: '/v1/runs',
    access: 'runs:read',
    summary: 'List runs, newest first',
    description:
      'A page looks at 10,000 runs at the most: with a filter it may hold fewer than asked for, even none, and still have a nextCursor.',
    query: filter,
    answers: { 200: { description: 'One page of runs.', schema: runListSchema } },
    handle: async ({ query, caller }, { database }) => {
      const page = await database.actingFor([caller.tenant], (tx) =>
        runs.list(tx, caller.tenant, toFilter(query), toPage(query)),
      );
      const { next } = page;
      return {
        status: 200,
        json: {
          items: page.items.map(runResource),
          nextCursor: next ? toCursor([next.createdAt, next.id]) : null,
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/runs/:id',
    access: 'runs:read',
    summary: 'Read a run',
    params: runIdParam,
    answers: { 200: { description: 'The run.', schema: runSchema } },
    fails: ['run_not_found'],
    handle: async (call, services) => ({
      status: 200,
      json: runResource(await view(call, services)),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/runs/:id/cancel',
    access: 'runs:write',
    summary: 'Cancel a run',
    description: 'It ends at the next safe point. Asking again changes nothing.',
    params: runIdParam,
    answers: {
      200: { description: 'The run; it is cancelled soon, or already.', schema: runSchema },
    },
    fails: ['run_not_found', 'run_finished'],
    handle: async ({ params, caller }, { database, queue }) => {
      const id = params['id'] ?? '';
      const run = await tenants.acting(database, caller.tenant, async (tx) => {
        const asked = await runs.cancel(tx, queue, id, caller.name);
        if (asked === 'finished') {
          throw new AosError('run_finished', 'The run has finished already.');
        }
        return runs.get(tx, id);
      });
      return { status: 200, json: runResource(run) };
    },
  }),
  route<unknown, RerunRequest>({
    method: 'post',
    path: '/v1/runs/:id/rerun',
    access: 'runs:write',
    summary: 'Run a finished run again',
    description:
      'Makes a new run that names this one as its origin. With a patch it is a fork: of a finished run, also of one that succeeded, from any step.',
    params: runIdParam,
    requestHeaders: acceptHeaders,
    body: rerunSchema,
    answers: accepted,
    fails: [
      'run_not_found',
      'run_not_finished',
      'plan_not_found',
      'plan_invalid',
      'idempotency_mismatch',
      ...refusals,
    ],
    handle: (call, services) =>
      accept(
        call,
        services,
        0,
        async () =>
          (await rerun(services, call.caller, call.params['id'] ?? '', call.body)).acceptance,
      ),
  }),
];

/**
 * Stores the run and answers with it, when asked to only after it has ended. Refused before anything of
 * it is read or written when there is no room for it.
 */
async function accept(
  call: Call,
  services: Services,
  priority: number,
  acceptanceOf: () => Promise<Omit<Acceptance, 'idempotency'>>,
): Promise<Answer> {
  const { caller, request } = call;
  const waitS = preferredWaitS(request);
  const { acceptance, runId, createdAt } = await stored(call, services, priority, acceptanceOf);
  // A run that continues no trace begins its own, and this request is a part of that.
  const begins = createdAt && call.traceparent === undefined;
  call.concerns({ runId, ...(begins && { traceId: traceIdOf(runId) }) });
  const location = { Location: `/v1/runs/${runId}` };
  if (createdAt && waitS === 0) {
    return {
      status: 202,
      headers: location,
      json: runResource(acceptedView(acceptance, createdAt)),
    };
  }
  if (waitS > 0) {
    const run = { tenant: caller.tenant, runId };
    const gone = AbortSignal.any([call.signal, services.stopping]);
    await waitForEnd(services.watch, run, waitS * 1000, gone);
  }
  const run = await services.database.actingFor([caller.tenant], (tx) => runs.get(tx, runId));
  const ended = waitS > 0 && run.run.state.status === 'finished';
  return {
    status: ended ? 200 : 202,
    headers: {
      ...location,
      ...(waitS > 0 && { 'Preference-Applied': `wait=${waitS}` }),
    },
    json: runResource(run),
  };
}

async function stored(
  { caller, request, body, traceparent }: Call,
  { admission, acceptor }: Services,
  priority: number,
  acceptanceOf: () => Promise<Omit<Acceptance, 'idempotency'>>,
): Promise<Accepted & { readonly acceptance: Acceptance }> {
  using ticket = admission.enter(caller.tenant, priority);
  const idempotency = idempotencyOf(request, body as Json);
  const acceptance = {
    ...(await acceptanceOf()),
    ...(idempotency && { idempotency }),
    ...(traceparent !== undefined && { traceparent }),
  };
  return { acceptance, ...(await ticket.store(() => acceptor.accept(acceptance))) };
}

/** The run of the path, as the caller's tenant sees it. */
export function view({ params, caller }: Call, { database }: Services): Promise<runs.RunView> {
  return database.actingFor([caller.tenant], (tx) => runs.get(tx, params['id'] ?? ''));
}

function toFilter({ createdAfter, createdBefore, limit: _l, cursor: _c, ...rest }: Filter) {
  return {
    ...rest,
    ...(createdAfter && { createdAfter: new Date(createdAfter) }),
    ...(createdBefore && { createdBefore: new Date(createdBefore) }),
  };
}

function toPage({ limit = PAGE, cursor }: Filter) {
  if (cursor === undefined) return { limit };
  const [createdAt = '', id = ''] = fromCursor(cursor, PLACE);
  return { limit, after: { createdAt, id } };
}
