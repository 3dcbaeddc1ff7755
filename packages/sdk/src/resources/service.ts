import type { FromSchema, JsonSchema } from '@aos/core';

export const versionSchema = {
  type: 'object',
  required: ['name', 'version', 'environment'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    version: { type: 'string' },
    environment: { type: 'string' },
  },
} as const satisfies JsonSchema;

export const healthSchema = {
  type: 'object',
  required: ['status'],
  additionalProperties: false,
  properties: {
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    reason: { type: 'string', description: 'Why it is unavailable.' },
  },
} as const satisfies JsonSchema;

export type VersionResource = FromSchema<typeof versionSchema>;
export type HealthResource = FromSchema<typeof healthSchema>;
