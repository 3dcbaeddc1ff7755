import type { FromSchema, JsonSchema } from '@aos/core';

import { failure, runId } from './shared.ts';

/** What an operation would be about, and what it would do with the first of them. */
export const previewSchema = {
  type: 'object',
  required: ['count', 'selection', 'sample'],
  additionalProperties: false,
  properties: {
    count: { type: 'integer', description: 'Exact.' },
    selection: { type: 'string', description: 'Give it with the request that begins it.' },
    sample: {
      type: 'array',
      items: {
        type: 'object',
        required: ['runId'],
        additionalProperties: false,
        properties: {
          runId,
          changes: {
            type: 'array',
            description: 'Where the patch makes {goal, input, plan} differ.',
            items: {
              type: 'object',
              required: ['path'],
              additionalProperties: false,
              properties: { path: { type: 'string' }, before: {}, after: {} },
            },
          },
          kept: {
            type: 'array',
            description: 'Finished steps that the new run takes over.',
            items: { type: 'string' },
          },
          failure,
        },
      },
    },
  },
} as const satisfies JsonSchema;

export type PreviewResource = FromSchema<typeof previewSchema>;
