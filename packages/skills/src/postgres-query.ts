import type { Json, JsonSchema } from '@aos/core';

import { defineSkill, type Examples, type Skill } from './base.ts';
import type { PostgresConnections } from './postgres/connections.ts';

const ROWS_DEFAULT = 1000;
const ROWS_MAX = 10_000;
const ROWS_BYTES_MAX = 2 * 1024 * 1024;

const input = {
  type: 'object',
  required: ['sql'],
  additionalProperties: false,
  properties: {
    connection: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      default: 'default',
      description: 'A name the operator has given to a database.',
    },
    sql: {
      type: 'string',
      minLength: 1,
      maxLength: 50_000,
      description: 'One statement that reads. Put values into parameters as $1, $2.',
    },
    parameters: {
      type: 'array',
      maxItems: 1000,
      items: { description: 'Any value; objects are passed as JSON.' },
    },
    rowsMax: { type: 'integer', minimum: 1, maximum: ROWS_MAX, default: ROWS_DEFAULT },
  },
} as const satisfies JsonSchema;

const output = {
  type: 'object',
  required: ['columns', 'rows', 'rowCount', 'truncated'],
  additionalProperties: false,
  properties: {
    columns: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'type'],
        additionalProperties: false,
        properties: { name: { type: 'string' }, type: { type: 'string' } },
      },
    },
    rows: {
      type: 'array',
      items: { type: 'object' },
      description: 'Numbers that JSON cannot hold exactly are strings.',
    },
    rowCount: { type: 'integer', description: 'Of the rows returned.' },
    truncated: { type: 'boolean', description: 'There are more rows than were returned.' },
  },
} as const satisfies JsonSchema;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'Orders of a customer',
    input: {
      sql: 'select id, total from orders where customer = $1 order by id',
      parameters: ['ada'],
      rowsMax: 10,
    },
    output: {
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'total', type: 'numeric' },
      ],
      rows: [{ id: 1, total: 9.5 }],
      rowCount: 1,
      truncated: false,
    },
  },
];

export function postgresQuery(connections: PostgresConnections): Skill {
  return defineSkill({
    name: 'postgres_query',
    version: '1.0.0',
    description:
      'Read rows from a PostgreSQL database that the operator has opened, with one SQL statement and parameters.',
    input,
    output,
    effect: 'read',
    permissions: ['database:read'],
    limits: { timeoutMs: 30_000, timeoutMaxMs: 300_000, outputBytes: ROWS_BYTES_MAX + 256 * 1024 },
    cost: { kind: 'free' },
    failures: [
      {
        code: 'query_refused',
        when: 'The connection is not open to the tenant, its login could do more than read, or the statement is not one that reads.',
      },
      { code: 'query_failed', when: 'PostgreSQL refuses the statement; the SQLSTATE is told.' },
      { code: 'target_unreachable', when: 'The database does not answer.' },
      { code: 'response_too_large', when: 'A single row is larger than a step may store.' },
    ],
    examples,
    target: ({ connection }) => `postgres:${connection ?? 'default'}`,

    async run({ connection, sql, parameters, rowsMax }, { tenant, timeoutMs, signal }) {
      const { columns, rows, rowCount, truncated } = await connections.query(
        {
          connection: connection ?? 'default',
          tenant,
          sql,
          parameters: (parameters ?? []) as Json[],
          rowsMax: rowsMax ?? ROWS_DEFAULT,
          bytesMax: ROWS_BYTES_MAX,
          // A little before the step's own limit, so that the database is the one to stop.
          timeoutMs: Math.max(timeoutMs - 200, timeoutMs / 2),
        },
        signal,
      );
      return {
        output: { columns, rows, rowCount, truncated },
        ...(truncated && { notes: [`Only the first ${rowCount} rows were read; there are more.`] }),
      };
    },
  });
}
