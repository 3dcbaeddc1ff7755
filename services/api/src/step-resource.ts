import {
  AosError,
  outputOf,
  planKeyOf,
  resolve,
  type Goal,
  type Json,
  type Plan,
  type PlanStep,
  type StepRecord,
  type StepWait,
} from '@aos/core';
import type { StepResource } from '@aos/sdk';

import { timeOrNull } from './run-resource.ts';

/** The steps of a run: those that have begun, items behind their step, and those still to come. */
export function stepResources(
  goal: Goal,
  plan: Plan | undefined,
  records: readonly StepRecord[],
): StepResource[] {
  const byKey = new Map(records.map((record) => [record.key, record]));
  const scope = scopeOf(goal, records);
  const planned = plan?.steps ?? [];
  const known = new Set(planned.map(({ key }) => key));
  const items = Map.groupBy(
    records.filter(({ key }) => planKeyOf(key) !== key),
    ({ key }) => planKeyOf(key),
  );
  return [
    ...planned.flatMap((step) => [
      stepResource(step, byKey.get(step.key), scope),
      ...(items.get(step.key) ?? [])
        .toSorted((a, b) => indexOf(a.key) - indexOf(b.key))
        .map((item) => ({ ...recordResource(item), ...itemInput(step, item, scope) })),
    ]),
    // Left from an earlier version of the plan.
    ...records.filter(({ key }) => !known.has(planKeyOf(key))).map(recordResource),
  ];
}

type Scope = ReadonlyMap<string, Json>;

function scopeOf(goal: Goal, records: readonly StepRecord[]): Scope {
  const scope = new Map<string, Json>([['input', goal.input]]);
  for (const record of records) {
    const output = outputOf(record);
    if (output !== undefined) scope.set(record.key, output);
  }
  return scope;
}

function stepResource(step: PlanStep, record: StepRecord | undefined, scope: Scope): StepResource {
  const told: StepResource = record
    ? recordResource(record)
    : { key: step.key, skill: step.skill, status: 'pending', attempts: 0 };
  return { ...told, ...(!step.forEach && resolvedInput(step.input, scope)) };
}

function itemInput(step: PlanStep, item: StepRecord, scope: Scope): { input?: Json } {
  const index = indexOf(item.key);
  const list = step.forEach && resolvedInput(step.forEach.in, scope).input;
  if (!Array.isArray(list) || list[index] === undefined) return {};
  return resolvedInput(
    step.input,
    new Map([...scope, ['item', list[index] as Json], ['index', index]]),
  );
}

/** Nothing while something it reads is not there yet. */
function resolvedInput(template: Json, scope: Scope): { input?: Json } {
  try {
    return { input: resolve(template, scope) };
  } catch (error) {
    if (error instanceof AosError) return {};
    throw error;
  }
}

function recordResource(record: StepRecord): StepResource {
  const { startedAt, finishedAt } = record;
  return {
    key: record.key,
    skill: record.skill,
    skillVersion: record.skillVersion,
    effect: record.effect,
    status: record.status,
    attempts: record.attempt,
    ...(record.inputHash && { inputHash: record.inputHash }),
    ...stateResource(record),
    startedAt: timeOrNull(startedAt),
    finishedAt: timeOrNull(finishedAt),
    durationMs: startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : null,
  };
}

function stateResource(record: StepRecord): Partial<StepResource> {
  switch (record.status) {
    case 'started':
      return {};
    case 'completed':
      return { output: record.output };
    case 'failed':
      return {
        failure: mutable(record.failure),
        ...(record.output !== undefined && { output: record.output }),
      };
    case 'skipped':
      return { skipReason: record.reason };
    case 'waiting':
      return waitResource(record.wait);
  }
}

function waitResource(wait: StepWait): Partial<StepResource> {
  switch (wait.for) {
    case 'retry':
      return {
        waitingFor: 'retry',
        wakeAt: wait.until.toISOString(),
        failure: mutable(wait.failure),
      };
    case 'target':
      return { waitingFor: 'target', target: wait.target, failure: mutable(wait.failure) };
    case 'approval':
    case 'review':
      return { waitingFor: wait.for, approvalId: wait.approvalId };
  }
}

function mutable({ problems, ...failure }: Extract<StepRecord, { status: 'failed' }>['failure']) {
  return { ...failure, ...(problems && { problems: [...problems] }) };
}

function indexOf(key: string): number {
  return Number(key.slice(key.indexOf('[') + 1, -1));
}
