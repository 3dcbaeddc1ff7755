import { Argument, type Command } from 'commander';

import { completionScript, shells, type Shell } from '../completion.ts';
import { exitCodes } from '../exit-code.ts';
import type { Perform } from './perform.ts';

/** Commands about the program itself. */
export function defineAbout(program: Command, perform: Perform): void {
  program
    .command('version')
    .helpGroup('Program:')
    .description('print the versions of this program and of the API')
    .action((_: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/version.ts')).version(context),
      ),
    );
  program
    .command('completion')
    .helpGroup('Program:')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices([...shells]))
    .action((shell: Shell, _: object, command: Command) =>
      perform(command, async (context) => {
        context.out.write(completionScript(shell, completedCommands(program)));
        return exitCodes.ok;
      }),
    );
}

function completedCommands(program: Command) {
  const shared = [...longNames(program).filter((name) => name !== '--version'), '--help'];
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...longNames(command), ...shared],
  }));
}

function longNames({ options }: Command): string[] {
  return options.flatMap(({ long }) => (long ? [long] : []));
}
