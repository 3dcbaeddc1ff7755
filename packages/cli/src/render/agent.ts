import type { AgentResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { duration } from '../text/amounts.ts';
import { styleOf } from '../text/style.ts';
import { wrap } from '../text/width.ts';
import { schemaLines } from './schema.ts';

const INSTRUCTION_LINES_MAX = 20;

/** An agent, and the templates that can be started by name. */
export function agentLines({ out, program }: Context, agent: AgentResource): string[] {
  const style = styleOf(out.rich);
  const instructions = agent.instructions === '' ? [] : wrap(agent.instructions, out.columns - 2);
  const left = instructions.length - INSTRUCTION_LINES_MAX;
  const { wallMs, steps } = agent.limits;
  const limits = [
    ...(wallMs === undefined ? [] : [`${duration(wallMs)} from start to end`]),
    ...(steps === undefined ? [] : [`${steps} steps`]),
  ];
  return [
    `${style('bold', agent.name)}, version ${agent.version}, ${agent.status}`,
    ...wrap(agent.description, out.columns),
    '',
    `Planner: ${agent.planner}`,
    ...wrap(`Skills: ${agent.skills.includes('*') ? 'all' : agent.skills.join(', ')}`, out.columns),
    ...(agent.model === undefined ? [] : [`Model: ${agent.model}`]),
    ...(limits.length > 0 ? [`Limits: ${limits.join(', ')}`] : []),
    ...(instructions.length > 0 ? ['', style('bold', 'Instructions')] : []),
    ...instructions.slice(0, INSTRUCTION_LINES_MAX).map((line) => `  ${line}`),
    ...(left > 0 ? [`  … ${left} more lines: ${program} agents ${agent.name} --json`] : []),
    ...Object.entries(agent.templates).flatMap(([name, template]) => [
      '',
      `${style('bold', `Template ${name}`)}: ${template.description}`,
      ...schemaLines(template.parameters).map((line) => `  ${line}`),
      style(
        'dim',
        `  ${program} run "<goal>" --agent ${agent.name} --template ${name} --param name=value`,
      ),
    ]),
  ];
}
