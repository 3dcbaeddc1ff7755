import { planKeyOf } from '@aos/core';
import type { EventResource } from '@aos/sdk';

import { counted, duration } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { factOf } from './run-view.ts';
import { signs } from './step-words.ts';

/** One event as one line of plain text. The event is cleaned already. */
export function eventLine(event: EventResource, program: string): string {
  const fact = factOf(event);
  switch (fact.type) {
    case 'run.accepted':
      return `accepted for the agent ${fact.agent}, planner ${fact.planner}${fact.origin ? `, a ${fact.origin.mode} of ${fact.origin.runId}: ${oneLine(fact.origin.reason)}` : ''}`;
    case 'run.started':
      return fact.epoch > 1 ? `taken up again by ${fact.workerId}` : `started by ${fact.workerId}`;
    case 'run.planned':
      return `planned by ${fact.planner}: ${counted(fact.steps, 'step')}, ${duration(fact.durationMs)}`;
    case 'run.planning_failed':
      return `planning failed: ${failed(fact.failure)}${again(fact.retryAt, event.at)}`;
    case 'step.started':
      return `${signs.running} ${named(fact)} started${attempt(fact.attempt)}`;
    case 'step.completed':
      return `${signs.completed} ${named(fact)} completed in ${duration(fact.durationMs)}${attempt(fact.attempt)}`;
    case 'step.failed':
      return `${fact.retryAt === undefined ? signs.failed : signs.waiting} ${named(fact)} failed after ${duration(fact.durationMs)}${attempt(fact.attempt)}: ${failed(fact.failure)}${again(fact.retryAt, event.at)}`;
    case 'step.parked':
      return `${signs.waiting} ${named(fact)} waits for ${fact.target}, which is out${fact.failure ? `: ${failed(fact.failure)}` : ''}${tried(fact.until, event.at)}`;
    case 'step.skipped':
      return `${signs.skipped} ${fact.step} skipped: ${fact.reason === 'condition' ? 'its condition is false' : 'what it reads is missing'}`;
    case 'step.joined':
      return `${signs.completed} ${fact.step} completed: ${counted(fact.items, 'item')}, ${fact.failed} failed`;
    case 'step.reused':
      return `${signs.completed} ${fact.step} taken from ${fact.runId}`;
    case 'approval.requested':
      return `${signs.waiting} ${fact.step} waits for a decision: ${program} approve ${fact.approvalId}`;
    case 'approval.decided':
      return `${fact.step}: ${fact.by} chose to ${fact.decision} ${fact.approvalId}`;
    case 'run.waiting':
      return `${waitOf(fact)}${fact.until === undefined ? '' : ` until ${fact.until}`}`;
    case 'run.released':
      return `given back by ${fact.workerId}`;
    case 'run.finished':
      return `finished: ${fact.outcome} after ${duration(fact.durationMs)}${fact.by === undefined ? '' : `, by ${fact.by}`}`;
    default:
      // A newer API has events that this program does not know.
      return oneLine(`${event.type} ${JSON.stringify(event.data)}`);
  }
}

function waitOf(fact: { waitingFor: string; by?: string; skills?: readonly string[] }): string {
  if (fact.waitingFor !== 'pause') return `waiting for ${fact.waitingFor}`;
  return fact.skills === undefined
    ? `paused by ${fact.by ?? 'somebody'}`
    : `resting: paused is ${fact.skills.join(', ')}`;
}

/** Whether the event may change the percentage, which is then worth telling. */
export function endsStep(event: EventResource): boolean {
  const fact = factOf(event);
  switch (fact.type) {
    case 'step.completed':
    case 'step.skipped':
    case 'step.joined':
    case 'step.reused':
      return planKeyOf(fact.step) === fact.step;
    case 'step.failed':
      return planKeyOf(fact.step) === fact.step && fact.retryAt === undefined;
    default:
      return false;
  }
}

function named({ step, skill }: { readonly step: string; readonly skill: string }): string {
  return `${step} (${skill})`;
}

function attempt(number: number): string {
  return number > 1 ? `, attempt ${number}` : '';
}

function failed({ code, detail }: { readonly code: string; readonly detail: string }): string {
  return oneLine(`${code}: ${detail}`);
}

function tried(until: string | undefined, at: string): string {
  if (until === undefined) return '';
  return `; it is tried in ${duration(Math.max(0, Date.parse(until) - Date.parse(at)))}`;
}

function again(retryAt: string | undefined, at: string): string {
  if (retryAt === undefined) return '';
  return `; again in ${duration(Date.parse(retryAt) - Date.parse(at))}`;
}
