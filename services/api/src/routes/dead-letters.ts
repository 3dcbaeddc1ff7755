import { failures, type FailureCode, type JsonSchema } from '@aos/core';
import {
  deadLetterDetailSchema,
  deadLetterListSchema,
  discardedSchema,
  discardSchema,
  redriveSchema,
  type DeadLetterDetail,
  type DiscardRequest,
  type RedriveRequest,
} from '@aos/sdk';
import { cases, deadLetters, plans, runs, selections, steps, tenants } from '@aos/store';

import { fromCursor, toCursor } from '../cursor.ts';
import { caseResource, deadLetterResource } from '../dead-letter-resource.ts';
import { letterSelection, operate } from '../operate.ts';
import { route, type Answer, type Call } from '../route.ts';
import type { Services } from '../services.ts';
import { stepResources } from '../step-resource.ts';
import { operationAnswers, operationHeaders } from './operations.ts';
import { DATABASE_TIME } from './runs.ts';

const PAGE = 50;
const PLACE = [DATABASE_TIME, /^dl_[0-9a-f-]{36}$/];

const filter = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: {
      enum: [...deadLetters.letterStates],
      description: 'redriving: an operation has it in hand.',
    },
    case: { type: 'string', maxLength: 100, description: 'The fingerprint.' },
    code: { enum: Object.keys(failures) },
    skill: { type: 'string', maxLength: 100, description: 'The skill that failed.' },
    agent: { type: 'string', maxLength: 100 },
    failedAfter: { type: 'string', format: 'date-time' },
    failedBefore: { type: 'string', format: 'date-time' },
    q: { type: 'string', maxLength: 200, description: 'Words of the failure.' },
    limit: { type: 'integer', minimum: 1, maximum: 200 },
    cursor: { type: 'string', maxLength: 500 },
  },
} as const satisfies JsonSchema;

interface Filter {
  readonly state?: deadLetters.LetterState;
  readonly case?: string;
  readonly code?: FailureCode;
  readonly skill?: string;
  readonly agent?: string;
  readonly failedAfter?: string;
  readonly failedBefore?: string;
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const page = {
  200: { description: 'One page of dead letters.', schema: deadLetterListSchema },
} as const;

export const deadLetterRoutes = [
  route<Filter>({
    method: 'get',
    path: '/v1/dead-letters',
    access: 'runs:read',
    summary: 'List runs that failed, with what is needed to repair them, newest first',
    query: filter,
    answers: page,
    handle: (call, services) => list(call, services),
  }),
  route<Filter>({
    method: 'get',
    path: '/admin/failed-runs',
    access: 'admin',
    summary: 'List runs that failed, with fingerprint, last error, attempts and cost',
    description: 'The same as GET /v1/dead-letters.',
    query: filter,
    answers: page,
    handle: (call, services) => list(call, services),
  }),
  route({
    method: 'get',
    path: '/v1/dead-letters/:id',
    access: 'runs:read',
    summary: 'Read all about a run that failed',
    params: { id: { type: 'string', description: 'Of the letter, or of its run.' } },
    answers: { 200: { description: 'The dead letter.', schema: deadLetterDetailSchema } },
    fails: ['dead_letter_not_found'],
    handle: async (call, services) => ({ status: 200, json: await detail(call, services) }),
  }),
  route<unknown, RedriveRequest>({
    method: 'post',
    path: '/v1/dead-letters/redrive',
    access: 'admin',
    summary: 'Run failed runs again, by their ids, by their case or by a filter',
    description:
      'First some canaries, then the rest at a rate; a canary that fails again stops it. A letter is redriven once, a lineage five times.',
    requestHeaders: operationHeaders,
    body: redriveSchema,
    answers: operationAnswers,
    fails: ['dead_letter_not_found', 'selection_changed', 'idempotency_mismatch'],
    handle: (call, services) => operate(call, services, 'redrive', letterSelection(call.body)),
  }),
  route<unknown, DiscardRequest>({
    method: 'post',
    path: '/v1/dead-letters/discard',
    access: 'admin',
    summary: 'Discard open dead letters',
    description: `The runs stay; nobody is to repair them. Letters that are not open are left. At most ${deadLetters.DISCARD_MAX} at once: ask again when there are more.`,
    body: discardSchema,
    answers: { 200: { description: 'How many were discarded.', schema: discardedSchema } },
    fails: ['dead_letter_not_found'],
    handle: async ({ body, caller }, { database, queue }) => {
      const selection = letterSelection(body);
      const { ids, filter: asked } = selection;
      const how = { reason: body.reason, by: caller.name };
      const discarded = await tenants.acting(database, caller.tenant, async (tx) => {
        await selections.refuseUnknown(tx, selection);
        const which = ids ? { ids } : { filter: asked ?? {} };
        return deadLetters.discardMany(tx, queue, caller.tenant, which, how);
      });
      return { status: 200, json: { discarded } };
    },
  }),
];

async function list({ query, caller }: Call<Filter>, { database }: Services): Promise<Answer> {
  const { failedAfter, failedBefore, limit = PAGE, cursor, ...rest } = query;
  const [at = '', id = ''] = cursor === undefined ? [] : fromCursor(cursor, PLACE);
  const asked: deadLetters.LetterFilter = {
    ...rest,
    ...(failedAfter !== undefined && { after: new Date(failedAfter) }),
    ...(failedBefore !== undefined && { before: new Date(failedBefore) }),
  };
  const { items, next } = await database.actingFor([caller.tenant], (tx) =>
    deadLetters.list(tx, caller.tenant, asked, {
      limit,
      ...(cursor !== undefined && { after: { at, id } }),
    }),
  );
  const nextCursor = next ? toCursor([next.at, next.id]) : null;
  return { status: 200, json: { items: items.map(deadLetterResource), nextCursor } };
}

async function detail({ params, caller }: Call, { database }: Services): Promise<DeadLetterDetail> {
  const { letter, view, stored, records, lineage, cause } = await database.actingFor(
    [caller.tenant],
    async (tx) => {
      const found = await deadLetters.get(tx, params['id'] ?? '');
      return {
        letter: found,
        view: await runs.get(tx, found.runId),
        stored: await plans.find(tx, found.runId),
        records: await steps.list(tx, found.runId),
        lineage: await deadLetters.lineage(tx, found),
        cause: await cases.get(tx, caller.tenant, found.fingerprint),
      };
    },
  );
  const shown = stepResources(view.goal, stored?.plan, records);
  const failed = shown.find(({ key }) => key === letter.step?.key);
  return {
    letter: deadLetterResource(letter),
    input: failed?.input ?? null,
    plan: stored
      ? { runId: letter.runId, ...stored, createdAt: stored.createdAt.toISOString() }
      : null,
    steps: shown,
    lineage: lineage.map(deadLetterResource),
    case: caseResource(cause),
  } as DeadLetterDetail;
}
