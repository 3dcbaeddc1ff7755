import { limitsSchema, type Limits } from './goal.ts';
import { planSchema, type Plan } from './plan.ts';
import { planners, type PlannerName } from './run.ts';
import type { JsonSchema } from './schema.ts';

/** A named configuration that pursues goals. A version never changes; a change makes the next version. */
export interface AgentDefinition {
  readonly name: string;
  readonly description: string;
  /** Read by model planners and by `llm_invoke` as the system text. */
  readonly instructions: string;
  /** `auto`: `claude` with a key, `rules` without. */
  readonly planner: PlannerName | 'auto';
  /** Names of the skills it may use; `*` alone means all. */
  readonly skills: readonly string[];
  readonly model?: string;
  readonly limits: Limits;
  readonly templates: Readonly<Record<string, PlanTemplate>>;
}

/** A plan with parameters: `${input.name}` reads them. */
export interface PlanTemplate {
  readonly description: string;
  /** JSON Schema of the parameters, an object. */
  readonly parameters: JsonSchema;
  readonly plan: Plan;
}

export interface Agent {
  readonly tenant: string;
  readonly version: number;
  readonly status: 'active' | 'disabled';
  readonly createdAt: Date;
  readonly definition: AgentDefinition;
}

export function mayUse(agent: AgentDefinition, skill: string): boolean {
  return agent.skills.includes('*') || agent.skills.includes(skill);
}

export const AGENT_NAME = '^[a-z0-9][a-z0-9-]{0,62}$';

export const agentSchema = {
  type: 'object',
  required: ['name', 'description'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: AGENT_NAME },
    description: { type: 'string', minLength: 1, maxLength: 500 },
    instructions: { type: 'string', maxLength: 20_000, default: '' },
    planner: { enum: ['auto', ...planners], default: 'auto' },
    skills: {
      type: 'array',
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      items: { type: 'string', pattern: '^(\\*|[a-z][a-z0-9_]{0,63})$' },
      default: ['*'],
    },
    model: { type: 'string', minLength: 1, maxLength: 100 },
    limits: { ...limitsSchema, default: {} },
    templates: {
      type: 'object',
      maxProperties: 50,
      propertyNames: { pattern: AGENT_NAME },
      default: {},
      additionalProperties: {
        type: 'object',
        required: ['description', 'parameters', 'plan'],
        additionalProperties: false,
        properties: {
          description: { type: 'string', minLength: 1, maxLength: 500 },
          parameters: { type: 'object' },
          plan: planSchema,
        },
      },
    },
  },
} as const satisfies JsonSchema;

/** An agent as callers write it: what has a default may be left out. */
export type AgentInput = Pick<AgentDefinition, 'name' | 'description'> & Partial<AgentDefinition>;

export function completeAgent(input: AgentInput): AgentDefinition {
  return {
    instructions: '',
    planner: 'auto',
    skills: ['*'],
    limits: {},
    templates: {},
    ...input,
  };
}
