import { failures, type FailureCode, type JsonSchema } from '@aos/core';
import { caseChangeSchema, caseListSchema, caseSchema, type CaseChangeRequest } from '@aos/sdk';
import { cases, tenants } from '@aos/store';

import { fromCursor, toCursor } from '../cursor.ts';
import { caseResource } from '../dead-letter-resource.ts';
import { refused } from '../new-run.ts';
import { route } from '../route.ts';
import { DATABASE_TIME } from './runs.ts';

const PAGE = 50;
const PLACE = [DATABASE_TIME, /^[0-9a-f]{24}$/];

const idParam = {
  id: { type: 'string', description: 'The fingerprint of its failures.' },
} as const;

interface Filter {
  readonly state?: cases.CaseState;
  readonly owner?: string;
  readonly code?: FailureCode;
  readonly skill?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export const caseRoutes = [
  route<Filter>({
    method: 'get',
    path: '/v1/cases',
    access: 'runs:read',
    summary: 'List the causes of failures, the one seen last first',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        state: { enum: [...cases.caseStates] },
        owner: { type: 'string', maxLength: 100 },
        code: { enum: Object.keys(failures) },
        skill: { type: 'string', maxLength: 100 },
        limit: { type: 'integer', minimum: 1, maximum: 200 },
        cursor: { type: 'string', maxLength: 500 },
      },
    } satisfies JsonSchema,
    answers: { 200: { description: 'One page of cases.', schema: caseListSchema } },
    handle: async ({ query, caller }, { database }) => {
      const { limit = PAGE, cursor, ...filter } = query;
      const [lastSeen = '', id = ''] = cursor === undefined ? [] : fromCursor(cursor, PLACE);
      const { items, next } = await database.actingFor([caller.tenant], (tx) =>
        cases.list(tx, caller.tenant, filter, {
          limit,
          ...(cursor !== undefined && { after: { lastSeen, id } }),
        }),
      );
      const nextCursor = next ? toCursor([next.lastSeen, next.id]) : null;
      return { status: 200, json: { items: items.map(caseResource), nextCursor } };
    },
  }),
  route({
    method: 'get',
    path: '/v1/cases/:id',
    access: 'runs:read',
    summary: 'Read a case',
    params: idParam,
    answers: { 200: { description: 'The case.', schema: caseSchema } },
    fails: ['case_not_found'],
    handle: async ({ params, caller }, { database }) => {
      const found = await database.actingFor([caller.tenant], (tx) =>
        cases.get(tx, caller.tenant, params['id'] ?? ''),
      );
      return { status: 200, json: caseResource(found) };
    },
  }),
  route<unknown, CaseChangeRequest>({
    method: 'post',
    path: '/v1/cases/:id',
    access: 'runs:write',
    summary: 'Say something about a case: its state, its owner, a note',
    description:
      'What is left out stays. A case that is fixed or resolved opens by itself when it comes back on the version named, or on a newer one.',
    params: idParam,
    body: caseChangeSchema,
    answers: { 200: { description: 'The case.', schema: caseSchema } },
    fails: ['case_not_found'],
    handle: async ({ params, body, caller }, { database }) => {
      if ((body.state === 'fixed') !== (body.version !== undefined)) {
        throw refused('#/version', 'goes with the state fixed, and is needed there');
      }
      const id = params['id'] ?? '';
      const changed = await tenants.acting(database, caller.tenant, async (tx) => {
        await cases.say(tx, caller.tenant, id, body, caller.name);
        return cases.get(tx, caller.tenant, id);
      });
      return { status: 200, json: caseResource(changed) };
    },
  }),
];
