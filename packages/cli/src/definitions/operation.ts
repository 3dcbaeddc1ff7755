import type { Command } from 'commander';

import type { AutoscaleOptions } from '../commands/autoscale.ts';
import type { ParkOptions } from '../commands/targets.ts';
import type { Perform } from './perform.ts';

const GROUP = 'Operation:';

/** Commands for whoever keeps it running. */
export function defineOperation(program: Command, perform: Perform): void {
  program
    .command('targets')
    .helpGroup(GROUP)
    .description('list what steps reach and is out, and how many wait for it')
    .action((_: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/targets.ts')).targets(context),
      ),
    );
  program
    .command('park <target>')
    .helpGroup(GROUP)
    .description('let nobody call a target such as http:api.example.com:443')
    .requiredOption('--reason <words>', 'why, for those who ask')
    .option('--until <time>', 'try it again at a time or after a span such as 30m')
    .action((target: string, options: ParkOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/targets.ts')).park(context, target, options),
      ),
    );
  program
    .command('release <target>')
    .helpGroup(GROUP)
    .description('let those go on who wait for a target, a few at first')
    .requiredOption('--reason <words>', 'why, for the record')
    .action((target: string, options: { readonly reason: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/targets.ts')).release(context, target, options),
      ),
    );
  program
    .command('autoscale')
    .helpGroup(GROUP)
    .description('keep as many workers on this machine as the load calls for')
    .option('--min <workers>', 'never fewer', '1')
    .option('--max <workers>', 'never more', '4')
    .option('--target-age <span>', 'how long a run may wait for a worker', '5s')
    .option('--down-after <span>', 'fewer only after fewer were enough for so long', '60s')
    .option('--grace <span>', 'how long a worker may take for what it has in hand', '60s')
    .addHelpText(
      'after',
      '\nNeeds DATABASE_URL, the database of the API, and a key with the scope admin.',
    )
    .action((options: AutoscaleOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/autoscale.ts')).autoscale(context, options),
      ),
    );
}

/** Commands for the day after. */
export function defineRecovery(program: Command, perform: Perform): void {
  program
    .command('adopt')
    .helpGroup(GROUP)
    .description('take a restored database over, before any service starts')
    .requiredOption('--reason <words>', 'what happened, for the record')
    .addHelpText(
      'after',
      '\nNeeds DATABASE_URL, the restored database as its owner. Workers of before are refused, unfinished runs go on.',
    )
    .action((options: { readonly reason: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/adopt.ts')).adopt(context, options),
      ),
    );
}
