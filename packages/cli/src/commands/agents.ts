import type { AgentResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';
import { agentLines } from '../render/agent.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf, toneOf } from '../text/style.ts';
import { table, type Cell } from '../text/table.ts';
import { checkedName } from './skills.ts';

const columns = [
  { title: 'AGENT' },
  { title: 'VERSION' },
  { title: 'STATUS' },
  { title: 'PLANNER' },
  { title: 'WHAT FOR', flexible: true },
];

export async function agents(context: Context, name: string | undefined): Promise<ExitCode> {
  const client = await context.connect();
  if (name !== undefined) {
    present(context, await client.agents.get(checkedName(name)), (agent) =>
      agentLines(context, agent),
    );
    return exitCodes.ok;
  }
  present(context, await client.agents.list(), ({ items }) =>
    items.length === 0
      ? ['No agents.']
      : [
          ...table(columns, items.map(row), context.out, styleOf(context.out.rich)),
          `All about one: ${context.program} agents <name>`,
        ],
  );
  return exitCodes.ok;
}

function row(agent: AgentResource): Cell[] {
  return [
    oneLine(agent.name),
    String(agent.version),
    { text: agent.status, tone: agent.status === 'disabled' ? 'dim' : toneOf(agent.status) },
    agent.planner,
    oneLine(agent.description),
  ];
}
