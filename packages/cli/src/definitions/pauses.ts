import type { Command } from 'commander';

import type { PauseOptions } from '../commands/pause.ts';
import type { Perform } from './perform.ts';

const GROUP = 'Operation:';
const WHAT = 'a run, or everything, tenant, agent or skill';

/** Commands that let runs rest, and go on. */
export function definePauses(program: Command, perform: Perform): void {
  program
    .command('pause')
    .argument('<what>', WHAT)
    .argument('[name]', 'of the tenant, agent or skill')
    .helpGroup(GROUP)
    .description('let runs rest, at their next step boundary')
    .option('--reason <words>', 'why, for all to see; needed unless it is a single run')
    .action((what: string, name: string | undefined, options: PauseOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/pause.ts')).pause(context, what, name, options),
      ),
    );
  program
    .command('resume')
    .argument('<what>', WHAT)
    .argument('[name]', 'of the tenant, agent or skill')
    .helpGroup(GROUP)
    .description('let them go on')
    .action((what: string, name: string | undefined, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/pause.ts')).resume(context, what, name),
      ),
    );
  program
    .command('pauses')
    .helpGroup(GROUP)
    .description('list what is paused, by whom and why')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('../commands/pause.ts')).pauses(context)),
    );
}
