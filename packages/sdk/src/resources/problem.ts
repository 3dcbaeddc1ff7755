import type { FromSchema, JsonSchema } from '@aos/core';

/** Every error of the API: RFC 9457, with a stable `code` of the failure table. */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId', 'traceId', 'errors'],
  additionalProperties: false,
  properties: {
    type: { type: 'string', description: 'A URI reference that names the kind of problem.' },
    title: { type: 'string', description: 'The meaning of the code.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What went wrong this time.' },
    code: { type: 'string', description: 'Stable; programs decide by it.' },
    instance: { type: 'string' },
    requestId: { type: 'string', description: 'Name it when you ask for help.' },
    traceId: { type: 'string', description: 'Of the request, also in the log: 32 hex digits.' },
    errors: {
      type: 'array',
      description: 'Every failing place of a bad request.',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        additionalProperties: false,
        properties: {
          pointer: { type: 'string', description: 'JSON Pointer as URI fragment.' },
          detail: { type: 'string' },
        },
      },
    },
    decided: {
      type: 'object',
      description: 'With approval_decided: the decision that stands.',
      required: ['decision', 'by', 'at'],
      additionalProperties: false,
      properties: {
        decision: { enum: ['approve', 'reject'] },
        by: { type: 'string' },
        at: { type: 'string', format: 'date-time' },
        comment: { type: 'string' },
      },
    },
  },
} as const satisfies JsonSchema;

export type ProblemResource = FromSchema<typeof problemSchema>;
