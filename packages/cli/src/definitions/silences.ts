import type { Command } from 'commander';

import type { CreateOptions, ListOptions } from '../commands/silence.ts';
import type { Perform } from './perform.ts';

/** Commands that keep Alertmanager from telling people of alerts, for a while. */
export function defineSilences(program: Command, perform: Perform): void {
  const silence = program
    .command('silence')
    .helpGroup('Operation:')
    .description('keep alerts from being told for a while, list that, and end it')
    .addHelpText('after', '\nSpeaks to Alertmanager at ALERTMANAGER_URL, http://127.0.0.1:9093.');
  silence
    .command('create')
    .description('silence alerts of a name, or with labels')
    .option('--alert <name>', 'name of the alert, such as QueueDepthWarning')
    .option(
      '--matcher <label=value>',
      'only with this label, also as !=, =~ or !~; again for more',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option('--for <span>', 'how long, such as 30m, 2h or 7d', '48h')
    .requiredOption('--reason <words>', 'why, for all to see')
    .option('--author <name>', 'who does it; else who is logged in')
    .action((options: CreateOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/silence.ts')).create(context, options),
      ),
    );
  silence
    .command('list')
    .description('list silences, what ends first first, and warn of what ends within 4 hours')
    .option('--all', 'those that have ended, too')
    .action((options: ListOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/silence.ts')).list(context, options),
      ),
    );
  silence
    .command('expire <silence>')
    .description('end a silence now')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/silence.ts')).expire(context, id),
      ),
    );
}
