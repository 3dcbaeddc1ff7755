import { Option, type Command } from 'commander';

import type { ApprovalsOptions } from '../commands/approvals.ts';
import type { Perform } from './perform.ts';

/** Commands about what there is, and about what waits for a human. */
export function defineCatalog(program: Command, perform: Perform): void {
  program
    .command('approvals')
    .helpGroup('Decisions:')
    .description('list what waits for a human')
    .addOption(
      new Option('--status <status>', 'which ones')
        .choices(['open', 'decided', 'all'])
        .default('open'),
    )
    .option('--run <run>', 'of this run')
    .option('--limit <number>', 'how many', '20')
    .option('--cursor <cursor>', 'go on where the last list ended')
    .action((options: ApprovalsOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/approvals.ts')).approvals(context, options),
      ),
    );
  for (const decision of ['approve', 'reject'] as const) {
    program
      .command(`${decision} <approval>`)
      .helpGroup('Decisions:')
      .description(decision === 'approve' ? 'let a step go ahead' : 'refuse a step')
      .option('--comment <words>', 'why, for the record')
      .action((id: string, options: { readonly comment?: string }, command: Command) =>
        perform(command, async (context) =>
          (await import('../commands/approvals.ts')).decide(context, id, decision, options),
        ),
      );
  }
  program
    .command('skills [name]')
    .helpGroup('Catalog:')
    .description('list the skills, or show all about one')
    .action((name: string | undefined, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/skills.ts')).skills(context, name),
      ),
    );
  program
    .command('agents [name]')
    .helpGroup('Catalog:')
    .description('list the agents, or show all about one')
    .action((name: string | undefined, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/agents.ts')).agents(context, name),
      ),
    );
}
