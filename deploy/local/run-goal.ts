import type { Report } from '@aos/core';
import type { Client, EventResource } from '@aos/sdk';

import { printable } from './printable.ts';

export interface RunGoalOptions {
  readonly client: Client;
  readonly goal: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Posts a goal as any client does, tells what happens, and returns the report. */
export async function runGoal({ client, goal, say, signal }: RunGoalOptions): Promise<Report> {
  const run = await client.runs.create({ goal }, { signal });
  for await (const event of client.runs.events(run.id, { signal })) {
    const line = lineOf(event);
    if (line) say(`  ${printable(line)}`);
  }
  return client.runs.report(run.id);
}

/** Undefined for what only an operator wants to know. */
function lineOf({ type, data }: EventResource): string | undefined {
  const failure = data['failure'] as { code?: string; detail?: string } | undefined;
  const retry = data['retryAt'] ? ' It is tried again.' : '';
  switch (type) {
    case 'run.planned':
      return `Planned by ${text(data['planner'])}: ${text(data['steps'])} steps`;
    case 'run.planning_failed':
      return `Planning failed: ${failure?.detail}${retry}`;
    case 'step.completed':
      return `✓ ${text(data['step'])} (${text(data['skill'])}, ${text(data['durationMs'])} ms)`;
    case 'step.failed':
      return `✗ ${text(data['step'])} (${text(data['skill'])}): ${failure?.detail}${retry}`;
    case 'step.skipped':
      return `- ${text(data['step'])} skipped`;
    case 'approval.requested':
      return `? ${text(data['step'])} waits for your approval ${text(data['approvalId'])}`;
    case 'run.finished':
      return `The run has ${text(data['outcome'])}${failure ? `: ${failure.code}: ${failure.detail}` : ''}`;
    default:
      return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}
