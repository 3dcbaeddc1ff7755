import {
  planKeyOf,
  type Failure,
  type Outcome,
  type Plan,
  type RunEvent,
  type WaitingFor,
} from '@aos/core';
import type { EventResource } from '@aos/sdk';

export type StepState = 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'skipped';

export interface StepView {
  readonly key: string;
  readonly skill: string;
  readonly state: StepState;
  readonly attempts: number;
  /** When it, or the first of its items, was first heard of. */
  readonly since?: string;
  readonly durationMs?: number;
  /** Why it failed, waits or was skipped, in few words. */
  readonly note?: string;
  readonly itemsDone: number;
  readonly itemsFailed: number;
}

/** What is known of a run from its events: all that the live display shows. */
export interface RunView {
  readonly phase: 'queued' | 'planning' | 'running' | 'waiting' | 'finished';
  readonly acceptedAt?: string;
  readonly planVersion?: number;
  /** Steps of the plan; 0 before it is planned. */
  readonly total: number;
  readonly steps: ReadonlyMap<string, StepView>;
  readonly waitingFor?: WaitingFor;
  readonly until?: string;
  readonly outcome?: Outcome;
  readonly failure?: Failure;
  readonly durationMs?: number;
}

export const nothingYet: RunView = { phase: 'queued', total: 0, steps: new Map() };

/** The event without its envelope. */
export function factOf({ type, data }: EventResource): RunEvent {
  return { type, ...data } as unknown as RunEvent;
}

export function isSettled({ state }: StepView): boolean {
  return state === 'completed' || state === 'failed' || state === 'skipped';
}

export function settledOf(view: RunView): number {
  return [...view.steps.values()].filter(isSettled).length;
}

/** By steps that have ended. It never falls, and a finished run is at 100. */
export function percentOf(view: RunView): number {
  if (view.phase === 'finished') return 100;
  const percent = view.total === 0 ? 0 : Math.floor((100 * settledOf(view)) / view.total);
  return Math.min(percent, 100);
}

/** The view with the steps of the plan in their order; what was heard of them before stays. */
export function withPlan(view: RunView, plan: Plan, version: number): RunView {
  const steps = new Map(
    plan.steps.map(({ key, skill }) => [key, { ...blank(key), ...view.steps.get(key), skill }]),
  );
  return { ...view, planVersion: version, total: steps.size, steps };
}

export function apply(view: RunView, event: EventResource): RunView {
  const fact = factOf(event);
  switch (fact.type) {
    case 'run.accepted':
      return { ...view, acceptedAt: event.at };
    case 'run.started':
      return {
        ...withoutWait(view),
        phase: view.total === 0 ? 'planning' : 'running',
        steps: new Map([...view.steps].map(([key, step]) => [key, takenOver(step)])),
      };
    case 'run.planned':
      return { ...view, phase: 'running', total: fact.steps };
    case 'run.planning_failed':
      return view;
    case 'run.waiting':
      return {
        ...view,
        phase: 'waiting',
        waitingFor: fact.waitingFor,
        ...(fact.until !== undefined && { until: fact.until }),
      };
    case 'run.released':
      return { ...withoutWait(view), phase: 'queued' };
    case 'run.finished':
      return {
        ...withoutWait(view),
        phase: 'finished',
        outcome: fact.outcome,
        durationMs: fact.durationMs,
        ...(fact.failure && { failure: fact.failure }),
      };
    case 'approval.decided':
      return changeStep(view, fact.step, event.at, () => ({ state: 'running' }));
    default:
      return 'step' in fact ? applyStep(view, fact, event.at) : view;
  }
}

type StepFact = Exclude<Extract<RunEvent, { step: string }>, { type: 'approval.decided' }>;

function applyStep(view: RunView, fact: StepFact, at: string): RunView {
  const item = planKeyOf(fact.step) !== fact.step;
  return changeStep(view, fact.step, at, (step) =>
    item ? ofItem(step, fact) : ofStep(step, fact, at),
  );
}

function ofStep(step: StepView, fact: StepFact, at: string): Partial<StepView> {
  switch (fact.type) {
    case 'step.started':
      return { skill: fact.skill, state: 'running', attempts: fact.attempt };
    case 'step.completed':
      return {
        skill: fact.skill,
        state: 'completed',
        attempts: fact.attempt,
        durationMs: fact.durationMs,
      };
    case 'step.failed':
      return {
        skill: fact.skill,
        state: fact.retryAt === undefined ? 'failed' : 'waiting',
        attempts: fact.attempt,
        durationMs: fact.durationMs,
        note: `${fact.failure.code}: ${fact.failure.detail}`,
      };
    case 'step.parked':
      return { skill: fact.skill, state: 'waiting', note: `${fact.target} is out` };
    case 'step.skipped':
      return {
        state: 'skipped',
        note: fact.reason === 'condition' ? 'its condition is false' : 'what it reads is missing',
      };
    case 'step.joined':
      return {
        state: 'completed',
        itemsDone: fact.items - fact.failed,
        itemsFailed: fact.failed,
        durationMs: step.since === undefined ? 0 : Date.parse(at) - Date.parse(step.since),
      };
    case 'step.reused':
      return { state: 'completed', note: `taken from ${fact.runId}` };
    case 'approval.requested':
      return {
        state: 'waiting',
        note: `waits for ${fact.kind === 'step' ? 'approval' : 'a decision'}: ${fact.approvalId}`,
      };
  }
}

/** An item counts for its step, and never ends it. */
function ofItem(step: StepView, fact: StepFact): Partial<StepView> {
  switch (fact.type) {
    case 'step.completed':
    case 'step.reused':
      return { state: 'running', itemsDone: step.itemsDone + 1 };
    case 'step.failed':
      return {
        state: 'running',
        ...(fact.retryAt === undefined && { itemsFailed: step.itemsFailed + 1 }),
        note: `${fact.failure.code}: ${fact.failure.detail}`,
      };
    case 'step.parked':
      return { state: 'waiting', note: `${fact.target} is out` };
    case 'approval.requested':
      return { state: 'waiting', note: `waits for a decision: ${fact.approvalId}` };
    default:
      return { state: 'running' };
  }
}

function changeStep(
  view: RunView,
  key: string,
  at: string,
  change: (step: StepView) => Partial<StepView>,
): RunView {
  const planKey = planKeyOf(key);
  const { note: _old, ...step } = view.steps.get(planKey) ?? blank(planKey);
  const changed: StepView = { ...step, since: step.since ?? at, ...change(step) };
  return { ...view, steps: new Map(view.steps).set(planKey, changed) };
}

/** Another worker goes on: what the last one had under way begins again. */
function takenOver(step: StepView): StepView {
  return step.state === 'running' ? { ...step, state: 'pending' } : step;
}

function withoutWait({ waitingFor: _for, until: _until, ...view }: RunView): RunView {
  return view;
}

function blank(key: string): StepView {
  return { key, skill: '', state: 'pending', attempts: 0, itemsDone: 0, itemsFailed: 0 };
}
