import type { FromSchema, JsonSchema } from '@aos/core';

import { time } from './shared.ts';

/** A file of the run's workspace; its content is at `href`. */
export const artifactSchema = {
  type: 'object',
  required: ['name', 'mediaType', 'bytes', 'digest', 'createdAt', 'derived', 'href'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    mediaType: { type: 'string' },
    bytes: { type: ['integer', 'null'], description: 'null when it is derived on reading.' },
    digest: { type: ['string', 'null'] },
    step: { type: 'string', description: 'The step that wrote it last.' },
    createdAt: time,
    derived: { type: 'boolean', description: 'Made from stored facts when it is read.' },
    href: { type: 'string' },
  },
} as const satisfies JsonSchema;

export const artifactListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: artifactSchema } },
} as const satisfies JsonSchema;

export type ArtifactResource = FromSchema<typeof artifactSchema>;
export type ArtifactList = FromSchema<typeof artifactListSchema>;
