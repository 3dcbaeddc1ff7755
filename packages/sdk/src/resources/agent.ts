import { agentSchema, type AgentDefinition, type JsonSchema } from '@aos/core';

import { time } from './shared.ts';

/** An agent: its definition, and which version of it this is. */
export const agentResourceSchema = {
  type: 'object',
  required: [
    ...(['name', 'description', 'instructions', 'planner', 'skills', 'limits'] as const),
    ...(['templates', 'version', 'status', 'createdAt'] as const),
  ],
  additionalProperties: false,
  properties: {
    ...agentSchema.properties,
    version: { type: 'integer', minimum: 1 },
    status: { type: 'string', enum: ['active', 'disabled'] },
    createdAt: time,
  },
} as const satisfies JsonSchema;

export const agentListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: agentResourceSchema } },
} as const satisfies JsonSchema;

export interface AgentResource extends AgentDefinition {
  readonly version: number;
  readonly status: 'active' | 'disabled';
  readonly createdAt: string;
}

export interface AgentList {
  readonly items: readonly AgentResource[];
}
