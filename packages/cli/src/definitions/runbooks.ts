import type { Command } from 'commander';

import type { RunbookOptions } from '../commands/runbook-run.ts';
import { collect, type Perform } from './perform.ts';

const FOLDER = ['--folder <folder>', 'runbooks of your own'] as const;

interface FolderOption {
  readonly folder?: string;
}

/** What to do when an alert fires, and doing it. */
export function defineRunbooks(program: Command, perform: Perform): void {
  const runbook = program
    .command('runbook')
    .helpGroup('Operation:')
    .description('read what to do when an alert fires, and walk through it');
  runbook
    .command('list')
    .description('list the runbooks')
    .option(...FOLDER)
    .action((options: FolderOption, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/runbook.ts')).listRunbooks(context, options),
      ),
    );
  runbook
    .command('show <name>')
    .description('print a runbook')
    .option(...FOLDER)
    .action((name: string, options: FolderOption, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/runbook.ts')).showRunbook(context, name, options),
      ),
    );
  runbook
    .command('lint')
    .description('check every runbook against the API and the metrics')
    .option(...FOLDER)
    .action((options: FolderOption, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/runbook.ts')).lintRunbooks(context, options),
      ),
    );
  runbook
    .command('run <name>')
    .description('walk through a runbook: reads by itself, asks before it acts, keeps the evidence')
    .option('--yes', 'confirm every act but the careful ones: nobody is there to ask')
    .option('--confirm <act>', 'confirm this act, careful or not; repeatable', collect)
    .option('--allow-commands', 'execute commands, too; else they are shown for you to paste')
    .option('--var <name=value>', 'a variable of the runbook; repeatable', collect)
    .option('--incident <id>', 'the id that the evidence is kept under')
    .option('--evidence <file>', 'where the evidence is kept, as JSON')
    .option(...FOLDER)
    .addHelpText(
      'after',
      '\nPROMETHEUS_URL names the Prometheus that expressions are asked of. Ends with 0 when it is resolved, 1 when not.',
    )
    .action((name: string, options: RunbookOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/runbook-run.ts')).runRunbook(context, name, options),
      ),
    );
}
