import { operationStates, type JsonSchema, type OperationState } from '@aos/core';
import { AosError, failures } from '@aos/core';
import {
  abortSchema,
  cancelManySchema,
  operationItemListSchema,
  operationListSchema,
  operationSchema,
  previewSchema,
  rerunManySchema,
  type AbortRequest,
  type CancelManyRequest,
  type RerunManyRequest,
} from '@aos/sdk';
import { operations, tenants } from '@aos/store';

import { fromCursor, toCursor } from '../cursor.ts';
import { operate, runSelection } from '../operate.ts';
import { operationItemResource, operationResource } from '../operation-resource.ts';
import { route } from '../route.ts';
import { DATABASE_TIME } from './runs.ts';

const PAGE = 50;
const PLACE = [DATABASE_TIME, /^op_[0-9a-f-]{36}$/];

const page = {
  limit: { type: 'integer', minimum: 1, maximum: 200 },
  cursor: { type: 'string', maxLength: 500 },
} as const;

const idParam = { id: { type: 'string', description: 'Such as op_019aaf3c-….' } } as const;

export const operationAnswers = {
  200: { description: 'Of a dry run: what it would be about.', schema: previewSchema },
  202: { description: 'The operation; it is under way.', schema: operationSchema },
} as const;

export const operationHeaders = {
  'Idempotency-Key': {
    type: 'string',
    description: 'Your name for this request: sent again, it answers with the same operation.',
  },
} as const;

interface ListQuery {
  readonly state?: OperationState;
  readonly limit?: number;
  readonly cursor?: string;
}

export const operationRoutes = [
  route<unknown, RerunManyRequest>({
    method: 'post',
    path: '/admin/rerun',
    access: 'admin',
    summary: 'Run finished runs again, by their ids or by a filter',
    description:
      'First some canaries, then the rest at a rate. A run whose dead letter was redriven or discarded is skipped.',
    requestHeaders: operationHeaders,
    body: rerunManySchema,
    answers: operationAnswers,
    fails: ['run_not_found', 'selection_changed', 'idempotency_mismatch'],
    handle: (call, services) =>
      operate(call, services, 'rerun', runSelection('finished', call.body)),
  }),
  route<unknown, CancelManyRequest>({
    method: 'post',
    path: '/admin/cancel',
    access: 'admin',
    summary: 'Cancel unfinished runs, by their ids or by a filter',
    requestHeaders: operationHeaders,
    body: cancelManySchema,
    answers: operationAnswers,
    fails: ['run_not_found', 'selection_changed', 'idempotency_mismatch'],
    handle: (call, services) =>
      operate(call, services, 'cancel', runSelection('unfinished', call.body)),
  }),
  route<ListQuery>({
    method: 'get',
    path: '/admin/operations',
    access: 'admin',
    summary: 'List operations on many runs, newest first',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { state: { enum: [...operationStates] }, ...page },
    } satisfies JsonSchema,
    answers: { 200: { description: 'One page of operations.', schema: operationListSchema } },
    handle: async ({ query, caller }, { database }) => {
      const { state, limit = PAGE, cursor } = query;
      const [createdAt = '', id = ''] = cursor === undefined ? [] : fromCursor(cursor, PLACE);
      const { items, next } = await database.actingFor([caller.tenant], (tx) =>
        operations.list(tx, caller.tenant, state, {
          limit,
          ...(cursor !== undefined && { after: { createdAt, id } }),
        }),
      );
      const nextCursor = next ? toCursor([next.createdAt, next.id]) : null;
      return { status: 200, json: { items: items.map(operationResource), nextCursor } };
    },
  }),
  route({
    method: 'get',
    path: '/admin/operations/:id',
    access: 'admin',
    summary: 'Read an operation and how far it has come',
    params: idParam,
    answers: { 200: { description: 'The operation.', schema: operationSchema } },
    fails: ['operation_not_found'],
    handle: async ({ params, caller }, { database }) => {
      const operation = await database.actingFor([caller.tenant], (tx) =>
        operations.get(tx, params['id'] ?? ''),
      );
      return { status: 200, json: operationResource(operation) };
    },
  }),
  route<Pick<ListQuery, 'limit' | 'cursor'>>({
    method: 'get',
    path: '/admin/operations/:id/items',
    access: 'admin',
    summary: 'List the runs of an operation, and what became of each',
    params: idParam,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: page,
    } satisfies JsonSchema,
    answers: { 200: { description: 'One page of runs.', schema: operationItemListSchema } },
    fails: ['operation_not_found'],
    handle: async ({ params, query, caller }, { database }) => {
      const { limit = PAGE, cursor } = query;
      const [after] = cursor === undefined ? [] : fromCursor(cursor, [/^\d{1,9}$/]);
      const { items, next } = await database.actingFor([caller.tenant], async (tx) => {
        const { id } = await operations.get(tx, params['id'] ?? '');
        return operations.items(tx, id, { limit, ...(after && { after: Number(after) }) });
      });
      const nextCursor = next === undefined ? null : toCursor([String(next)]);
      return { status: 200, json: { items: items.map(operationItemResource), nextCursor } };
    },
  }),
  route<unknown, AbortRequest>({
    method: 'post',
    path: '/admin/operations/:id/abort',
    access: 'admin',
    summary: 'Abort an operation',
    description: 'What it has started goes on; what is left is let go.',
    params: idParam,
    body: abortSchema,
    answers: { 200: { description: 'The operation; it is aborted.', schema: operationSchema } },
    fails: ['operation_not_found', 'operation_ended'],
    handle: async ({ params, body, caller }, { database }) => {
      const operation = await tenants.acting(database, caller.tenant, async (tx) => {
        const { id, state } = await operations.get(tx, params['id'] ?? '');
        const how = { state: 'aborted', reason: body.reason, by: caller.name } as const;
        const ended = await operations.end(tx, id, how);
        if (!ended && state !== 'aborted') {
          throw new AosError('operation_ended', failures.operation_ended.meaning);
        }
        return operations.get(tx, id);
      });
      return { status: 200, json: operationResource(operation) };
    },
  }),
];
