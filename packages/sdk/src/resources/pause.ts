import { pauseScopes, type FromSchema, type JsonSchema } from '@aos/core';

import { time } from './shared.ts';

const scope = {
  type: 'string',
  enum: pauseScopes,
  description: 'everything and, by the operator, skill hold for all tenants.',
} as const;

const name = { type: 'string', minLength: 1, maxLength: 100, pattern: '\\S' } as const;

/** A kill switch in force. */
export const pauseSchema = {
  type: 'object',
  required: ['scope', 'name', 'tenant', 'allTenants', 'reason', 'by', 'since'],
  additionalProperties: false,
  properties: {
    scope,
    name: { type: ['string', 'null'], description: 'Of the tenant, agent or skill.' },
    tenant: { type: 'string', description: 'Whose it is.' },
    allTenants: { type: 'boolean' },
    reason: { type: 'string' },
    by: { type: 'string' },
    since: time,
  },
} as const satisfies JsonSchema;

export const pauseListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: pauseSchema } },
} as const satisfies JsonSchema;

/** The body of `POST /admin/pause`. */
export const pauseRequestSchema = {
  type: 'object',
  required: ['scope', 'reason'],
  additionalProperties: false,
  properties: {
    scope,
    name: {
      ...name,
      description: 'Of the agent or skill; of the tenant, which is your own when it is left out.',
    },
    reason: { type: 'string', minLength: 1, maxLength: 500, pattern: '\\S' },
  },
} as const satisfies JsonSchema;

/** The body of `POST /admin/resume`. */
export const resumeRequestSchema = {
  type: 'object',
  required: ['scope'],
  additionalProperties: false,
  properties: {
    scope,
    name,
    reason: { type: 'string', minLength: 1, maxLength: 500, pattern: '\\S' },
  },
} as const satisfies JsonSchema;

/** What `POST /admin/resume` answers. */
export const resumedSchema = {
  type: 'object',
  required: ['resumed'],
  additionalProperties: false,
  properties: { resumed: { type: 'boolean', description: 'False: nothing was paused.' } },
} as const satisfies JsonSchema;

/** The body of `POST /admin/shares`, and its answer. */
export const shareSchema = {
  type: 'object',
  required: ['tenant', 'weight'],
  additionalProperties: false,
  properties: {
    tenant: name,
    weight: {
      type: 'number',
      minimum: 0.01,
      maximum: 100,
      description: 'Weight 3 gets three times as much of the workers as weight 1.',
    },
  },
} as const satisfies JsonSchema;

export type PauseResource = FromSchema<typeof pauseSchema>;
export type PauseList = FromSchema<typeof pauseListSchema>;
export type PauseRequest = FromSchema<typeof pauseRequestSchema>;
export type ResumeRequest = FromSchema<typeof resumeRequestSchema>;
export type ResumedResource = FromSchema<typeof resumedSchema>;
export type ShareResource = FromSchema<typeof shareSchema>;
