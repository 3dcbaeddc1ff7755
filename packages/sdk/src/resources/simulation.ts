import {
  effectClasses,
  newRunSchema,
  planners,
  planSchema,
  type EffectClass,
  type JsonSchema,
  type NewRun,
  type Plan,
  type PlannerName,
  type Problem,
} from '@aos/core';

import { agentRef, problems } from './shared.ts';

const { goal, agent, input, plan, planner, budget } = newRunSchema.properties;

/** The body of `POST /v1/simulate`: a goal to plan, or a plan to look at. */
export const simulateSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: { goal, agent, input, plan, planner, budget },
} as const satisfies JsonSchema;

const strings = { type: 'array', items: { type: 'string' } } as const;

const step = {
  type: 'object',
  required: [
    ...(['key', 'skill', 'skillVersion', 'after', 'forEach', 'effect', 'sideEffects'] as const),
    ...(['permissions', 'approval', 'cost', 'timeoutMs', 'attempts'] as const),
  ],
  additionalProperties: false,
  properties: {
    key: { type: 'string' },
    skill: { type: 'string' },
    skillVersion: { type: ['string', 'null'], description: 'null when no such skill is known.' },
    after: { ...strings, description: 'Steps that end before it starts.' },
    forEach: { type: 'boolean', description: 'It runs once for each item of a list.' },
    effect: { enum: [...effectClasses, null], description: 'The worst this call can do.' },
    sideEffects: { type: 'boolean', description: 'Something outside may change.' },
    permissions: strings,
    approval: { type: ['string', 'null'], description: 'Why a human is asked first.' },
    cost: { enum: ['free', 'fixed', 'tokens', null] },
    costUsd: { type: 'number', description: 'Of one call, when it is fixed.' },
    timeoutMs: { type: ['integer', 'null'], description: 'Time limit of one attempt.' },
    attempts: { type: 'integer', description: 'At most, the first included.' },
  },
} as const satisfies JsonSchema;

/** What a goal or a plan would do. Nothing was executed or stored. */
export const simulationSchema = {
  type: 'object',
  required: [
    ...(['agent', 'planner', 'plan', 'steps', 'permissions', 'sideEffects', 'approvals'] as const),
    ...(['notes', 'problems'] as const),
  ],
  additionalProperties: false,
  properties: {
    agent: agentRef,
    planner: { type: 'string', enum: planners },
    plan: planSchema,
    steps: { type: 'array', items: step },
    permissions: { ...strings, description: 'Of all steps together.' },
    sideEffects: { ...strings, description: 'Steps that may change something outside.' },
    approvals: { ...strings, description: 'Steps that wait for a human.' },
    notes: strings,
    problems: { ...problems, description: 'Rules the plan breaks; empty when it may run.' },
  },
} as const satisfies JsonSchema;

export type SimulateRequest = Partial<
  Pick<NewRun, 'goal' | 'agent' | 'input' | 'plan' | 'planner' | 'budget'>
>;

export interface SimulatedStep {
  readonly key: string;
  readonly skill: string;
  readonly skillVersion: string | null;
  readonly after: readonly string[];
  readonly forEach: boolean;
  readonly effect: EffectClass | null;
  readonly sideEffects: boolean;
  readonly permissions: readonly string[];
  readonly approval: string | null;
  readonly cost: 'free' | 'fixed' | 'tokens' | null;
  readonly costUsd?: number;
  readonly timeoutMs: number | null;
  readonly attempts: number;
}

export interface Simulation {
  readonly agent: { readonly name: string; readonly version: number };
  readonly planner: PlannerName;
  readonly plan: Plan;
  readonly steps: readonly SimulatedStep[];
  readonly permissions: readonly string[];
  readonly sideEffects: readonly string[];
  readonly approvals: readonly string[];
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}
