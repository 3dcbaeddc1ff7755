import { CommanderError, type Command } from 'commander';

import type { CheckOptions } from '../commands/check.ts';
import type { DoctorOptions } from '../commands/doctor.ts';
import { exitCodes } from '../exit-code.ts';
import type { Perform } from './perform.ts';

const GROUP = 'Operation:';

/** The commands that read the database themselves. */
export function defineCheck(program: Command, perform: Perform): void {
  program
    .command('check')
    .helpGroup(GROUP)
    .description('check the stored history of all runs against the invariants')
    .option('--database <url>', 'the primary, as a login that may read all; shows in process lists')
    .option('--effects <file>', 'what was done outside, a JSON object a line')
    .option('--since <time>', 'only runs that are not finished, or finished since a time or a span')
    .option('--prometheus', 'print metrics for Prometheus')
    .option('--watch <seconds>', 'look again each so many seconds, at what changed')
    // Its numbers below 70 are counts, so that words that make no sense need another one.
    .exitOverride(({ exitCode, code, message }) => {
      throw new CommanderError(exitCode === 0 ? 0 : exitCodes.notChecked, code, message);
    })
    .action((options: CheckOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/check.ts')).check(context, options),
      ),
    );
  program
    .command('doctor')
    .helpGroup(GROUP)
    .description('examine settings, database, services, disk and certificates; say what to mend')
    .option(
      '--database <url>',
      'the database, as a login that may read all; shows in process lists',
    )
    .action((options: DoctorOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/doctor.ts')).doctor(context, options),
      ),
    );
}
