import type { Command } from 'commander';

import type { DrillOptions } from '../commands/drill.ts';
import type { Perform } from './perform.ts';

/** Proof that alerts reach people, and that their runbooks help. */
export function defineDrills(program: Command, perform: Perform): void {
  program
    .command('drill [alerts...]')
    .helpGroup('Operation:')
    .description('break an installation made for it, to prove alerts and runbooks')
    .option('--all', 'every alert, one after the other')
    .option('--list', 'tell which there are, and what each one breaks')
    .option('--factor <number>', 'so many times shorter are the spans of the rules', '60')
    .addHelpText(
      'after',
      '\nNeeds prometheus and prometheus-alertmanager. Your own installation is not touched. Ends with 0 when all are green.',
    )
    .action((alerts: readonly string[], options: DrillOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/drill.ts')).drill(context, alerts, options),
      ),
    );
}
