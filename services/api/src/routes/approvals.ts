import { failures, type JsonSchema } from '@aos/core';
import { approvalListSchema, approvalSchema, decisionSchema, type DecisionRequest } from '@aos/sdk';
import { approvals, tenants } from '@aos/store';

import { approvalResource, decisionResource } from '../approval-resource.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { problemOf } from '../problem.ts';
import { route } from '../route.ts';

const filter = {
  type: 'object',
  additionalProperties: false,
  properties: {
    status: { enum: ['open', 'decided', 'all'], description: 'open when it is left out.' },
    runId: { type: 'string', pattern: '^run_[0-9a-f-]{36}$' },
    limit: { type: 'integer', minimum: 1, maximum: 200 },
    cursor: { type: 'string', maxLength: 500 },
  },
} as const satisfies JsonSchema;

interface Filter {
  readonly status?: 'open' | 'decided' | 'all';
  readonly runId?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const PAGE = 50;
const PLACE = [/^apr_[0-9a-f-]{36}$/];

export const approvalRoutes = [
  route<Filter>({
    method: 'get',
    path: '/v1/approvals',
    access: 'approvals:read',
    summary: 'List what waits for a human, oldest first',
    query: filter,
    answers: { 200: { description: 'One page of approvals.', schema: approvalListSchema } },
    handle: async ({ query, caller }, { database }) => {
      const { status = 'open', runId, limit = PAGE, cursor } = query;
      const [after] = cursor === undefined ? [] : fromCursor(cursor, PLACE);
      const { items, next } = await database.actingFor([caller.tenant], (tx) =>
        approvals.list(
          tx,
          caller.tenant,
          { status, ...(runId && { runId }) },
          { limit, ...(after && { after }) },
        ),
      );
      return {
        status: 200,
        json: { items: items.map(approvalResource), nextCursor: next ? toCursor([next]) : null },
      };
    },
  }),
  route<unknown, DecisionRequest>({
    method: 'post',
    path: '/v1/approvals/:id/decision',
    access: 'approvals:write',
    summary: 'Decide an approval',
    description: 'The first decision stands; whoever comes second is told it, with 409.',
    params: { id: { type: 'string', description: 'Such as apr_019aaf3c-….' } },
    body: decisionSchema,
    answers: { 200: { description: 'The approval with the decision.', schema: approvalSchema } },
    fails: ['approval_not_found', 'approval_decided', 'run_finished'],
    handle: async ({ params, body, caller, requestId, traceId, concerns }, { database, queue }) => {
      const { first, approval } = await tenants.acting(database, caller.tenant, (tx) =>
        approvals.decide(tx, queue, params['id'] ?? '', { ...body, by: caller.name }),
      );
      concerns({ runId: approval.runId });
      if (first || !approval.decided) return { status: 200, json: approvalResource(approval) };
      const decided = decisionResource(approval.decided);
      const verb = decided.decision === 'approve' ? 'approved' : 'rejected';
      const detail = `${decided.by} ${verb} it at ${decided.at}. ${failures.approval_decided.meaning}`;
      const problem = problemOf({ code: 'approval_decided', detail }, { requestId, traceId });
      return {
        status: problem.status,
        mediaType: 'application/problem+json',
        content: JSON.stringify({ ...problem, decided }),
      };
    },
  }),
];
