import type { SimulatedStep, Simulation } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { planningOf, type PlanningOptions } from '../new-run.ts';
import { present } from '../present.ts';
import { effectWords } from '../render/effect.ts';
import { planLines, type PlanLine } from '../render/plan.ts';
import { counted, dollars, duration } from '../text/amounts.ts';
import { styleOf } from '../text/style.ts';

/** What a goal would do. Nothing is executed or stored. */
export async function plan(
  context: Context,
  goal: string,
  options: PlanningOptions,
): Promise<ExitCode> {
  const body = planningOf(goal, options, context.folder);
  const client = await context.connect();
  const simulation = await client.simulate(body);
  present(context, simulation, (cleaned) => simulationLines(context, cleaned));
  return simulation.problems.length === 0 ? exitCodes.ok : exitCodes.usage;
}

function simulationLines(context: Context, simulation: Simulation): string[] {
  const style = styleOf(context.out.rich);
  const { steps, permissions, sideEffects, approvals, notes, problems, agent } = simulation;
  const inputs = new Map(simulation.plan.steps.map((step) => [step.key, step]));
  return [
    `${counted(steps.length, 'step')} planned by ${simulation.planner} for the agent ${agent.name}. Nothing was executed.`,
    '',
    ...planLines(
      context,
      steps.map((step) => lineOf(step, inputs.get(step.key))),
    ),
    '',
    ...listed('Needs permission for', permissions),
    ...listed('Changes something outside', sideEffects),
    ...listed('Waits for a human', approvals),
    ...notes.map((note) => `Note: ${note}`),
    ...(problems.length === 0
      ? [style('green', 'It may run as it is.')]
      : [style('red', `It may not run: ${counted(problems.length, 'problem')}`)]),
    ...problems.map(({ pointer, detail }) => `  ${pointer} ${detail}`),
  ];
}

function lineOf(
  step: SimulatedStep,
  planned: Simulation['plan']['steps'][number] | undefined,
): PlanLine {
  const { effect, permissions, approval, timeoutMs, attempts } = step;
  const cost =
    step.costUsd === undefined
      ? step.cost === 'tokens'
        ? ['paid by tokens']
        : []
      : [dollars(step.costUsd)];
  return {
    key: step.key,
    skill: `${step.skill}${step.skillVersion === null ? '' : ` ${step.skillVersion}`}`,
    after: step.after,
    input: planned?.input ?? {},
    forEach: step.forEach,
    when: planned?.when,
    details: [
      [
        effectWords(effect),
        ...(permissions.length > 0 ? [`permission ${permissions.join(', ')}`] : []),
        ...(timeoutMs === null ? [] : [`up to ${duration(timeoutMs)}`]),
        ...(attempts > 1 ? [`${attempts} attempts`] : []),
        ...cost,
      ].join('; '),
    ],
    warnings: [
      ...(step.skillVersion === null ? ['no such skill is known'] : []),
      ...(approval === null ? [] : [`waits for approval: ${approval}`]),
    ],
  };
}

function listed(title: string, texts: readonly string[]): string[] {
  return texts.length > 0 ? [`${title}: ${texts.join(', ')}`] : [];
}
