import { dependenciesOf, type PlanStep } from '@aos/core';
import type { Client, EventResource, RunResource, StepResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { eventLine } from '../live/event-line.ts';
import { present } from '../present.ts';
import { planLines, type PlanLine } from '../render/plan.ts';
import { furtherOf, runLines } from '../render/run.ts';
import { stepTable } from '../render/steps.ts';
import { moment } from '../text/amounts.ts';
import { oneLineJson } from '../text/clean.ts';
import { report } from './report.ts';
import { why } from './why.ts';

export interface ShowOptions {
  readonly steps?: boolean;
  readonly events?: boolean;
  readonly plan?: boolean;
  readonly report?: boolean;
  readonly why?: boolean;
  readonly all?: boolean;
}

const EVENTS_SHOWN = 200;
const EVENTS_PAGE = 500;

export async function show(context: Context, id: string, options: ShowOptions): Promise<ExitCode> {
  if (options.report) return report(context, id, {});
  if (options.why) return why(context, id);
  const runId = runIdOf(id);
  const client = await context.connect();
  if (options.plan) await showPlan(context, client, runId);
  else if (options.events) await showEvents(context, client, runId, options.all ?? false);
  else if (options.steps) await showSteps(context, client, runId, options.all ?? false);
  else await showRun(context, client, runId);
  return exitCodes.ok;
}

async function showRun(context: Context, client: Client, runId: string): Promise<void> {
  const run = await client.runs.get(runId);
  const steps = context.json ? [] : (await client.runs.steps(runId)).items;
  const render = (cleaned: { run: RunResource; steps: readonly StepResource[] }) => [
    ...runLines(context, cleaned.run),
    ...(cleaned.steps.length > 0 ? ['', ...stepTable(context, runId, cleaned.steps, false)] : []),
    furtherOf(context, cleaned.run),
  ];
  if (context.json) present(context, run, () => []);
  else present(context, { run, steps }, render);
}

async function showSteps(context: Context, client: Client, runId: string, all: boolean) {
  present(context, await client.runs.steps(runId), ({ items }) =>
    items.length === 0 ? ['No step has begun.'] : stepTable(context, runId, items, all),
  );
}

async function showEvents(context: Context, client: Client, runId: string, all: boolean) {
  const items: EventResource[] = [];
  let after: number | undefined;
  let nextAfter: number | null;
  do {
    const page = await client.runs.eventList(runId, {
      limit: EVENTS_PAGE,
      ...(after !== undefined && { after }),
    });
    items.push(...page.items);
    nextAfter = page.nextAfter;
    after = nextAfter ?? undefined;
    // A run that is not over always has a next page; an empty one means that all was read.
    if (page.items.length === 0) break;
  } while (after !== undefined);
  present(context, { items, nextAfter }, (cleaned) => {
    const shown = all ? cleaned.items : cleaned.items.slice(-EVENTS_SHOWN);
    const left = cleaned.items.length - shown.length;
    return [
      ...(left > 0
        ? [`… ${left} earlier events: ${context.program} show ${runId} --events --all`]
        : []),
      ...shown.map(
        (event) => `${moment(event.at)}  ${eventLine(oneLineJson(event), context.program)}`,
      ),
    ];
  });
}

async function showPlan(context: Context, client: Client, runId: string): Promise<void> {
  present(context, await client.runs.plan(runId), ({ plan, version, planner }) => [
    `Plan ${version}, made by ${planner}`,
    '',
    ...planLines(context, plan.steps.map(planLineOf)),
  ]);
}

function planLineOf(step: PlanStep): PlanLine {
  const { onError, approval } = step;
  return {
    key: step.key,
    skill: step.skill,
    after: afterOf(step),
    input: step.input,
    forEach: step.forEach !== undefined,
    when: step.when,
    details: [
      ...(onError === 'continue' ? ['the run goes on when it fails'] : []),
      ...(typeof onError === 'object' ? ['a fallback is used when it fails'] : []),
    ],
    warnings: approval ? [`waits for approval: ${approval.reason}`] : [],
  };
}

function afterOf(step: PlanStep): string[] {
  return [...dependenciesOf(step).all];
}
