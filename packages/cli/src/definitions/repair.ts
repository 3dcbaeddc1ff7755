import { Option, type Command } from 'commander';

import type { BulkOptions, OperationsOptions } from '../commands/bulk.ts';
import type { CaseOptions } from '../commands/cases.ts';
import type { DeadListOptions, DiscardOptions, RedriveOptions } from '../commands/dead.ts';
import type { Perform } from './perform.ts';

const GROUP = 'Repair:';
const modes = ['retry', 'replay', 'replan'];

/** Commands about runs that failed, and about many runs at once. */
export function defineRepair(program: Command, perform: Perform): void {
  const dead = program
    .command('dead')
    .helpGroup(GROUP)
    .description('inspect runs that failed, run them again, or discard them');
  defineDead(dead, perform);
  defineCases(program, perform);
  const bulk = program
    .command('bulk')
    .helpGroup(GROUP)
    .description('run many runs again, or cancel them, and watch how far that is');
  defineBulk(bulk, perform);
  defineOperations(bulk, perform);
}

function defineDead(dead: Command, perform: Perform): void {
  letterFilter(dead.command('list').description('list failed runs, newest first'))
    .addOption(
      new Option('--state <state>', 'where they are').choices([
        'open',
        'redriving',
        'redriven',
        'discarded',
      ]),
    )
    .option('--limit <number>', 'how many', '20')
    .option('--cursor <cursor>', 'go on where the last list ended')
    .action((options: DeadListOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/dead.ts')).list(context, options),
      ),
    );
  dead
    .command('show <letter>')
    .description('show all about a failed run; the id of the run will do')
    .action((letter: string, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/dead.ts')).show(context, letter),
      ),
    );
  pace(how(letterFilter(dead.command('redrive [letters...]'))))
    .description('run failed runs again: these, or all that the filters mean')
    .action((letters: readonly string[], options: RedriveOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/dead.ts')).redrive(context, letters, options),
      ),
    );
  letterFilter(dead.command('discard [letters...]'))
    .description('say that nobody is to repair these, or all that the filters mean')
    .requiredOption('--reason <words>', 'why, for the record')
    .action((letters: readonly string[], options: DiscardOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/dead.ts')).discard(context, letters, options),
      ),
    );
}

function defineCases(program: Command, perform: Perform): void {
  program
    .command('cases [case]')
    .helpGroup(GROUP)
    .description('list the causes of failures, show one, or say something about it')
    .addOption(
      new Option('--state <state>', 'of the list').choices(['open', 'muted', 'fixed', 'resolved']),
    )
    .option('--limit <number>', 'how many', '20')
    .option('--cursor <cursor>', 'go on where the last list ended')
    .addOption(
      new Option('--mark <state>', 'say that it is so').choices(['open', 'muted', 'resolved']),
    )
    .addOption(
      new Option(
        '--fixed-in <version>',
        'say that this version of the skill has the cure',
      ).conflicts('mark'),
    )
    .option('--owner <name>', 'of the list; with a case, who takes care of it')
    .option('--note <words>', 'what is known of it')
    .action((id: string | undefined, options: CaseOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/cases.ts')).cases(context, id, options),
      ),
    );
}

function defineBulk(bulk: Command, perform: Perform): void {
  pace(how(runFilter(bulk.command('rerun [runs...]'))))
    .description('run finished runs again: these, or all that the filters mean')
    .action((runs: readonly string[], options: BulkOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/bulk.ts')).rerunMany(context, runs, options),
      ),
    );
  const cancel = runFilter(bulk.command('cancel [runs...]')).requiredOption(
    '--reason <words>',
    'why, for the record',
  );
  pace(cancel)
    .description('cancel unfinished runs: these, or all that the filters mean')
    .action((runs: readonly string[], options: BulkOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/bulk.ts')).cancelMany(context, runs, options),
      ),
    );
}

function defineOperations(bulk: Command, perform: Perform): void {
  bulk
    .command('list')
    .description('list what was done to many runs, newest first')
    .addOption(
      new Option('--state <state>', 'how far').choices(['running', 'done', 'stopped', 'aborted']),
    )
    .option('--limit <number>', 'how many', '20')
    .option('--cursor <cursor>', 'go on where the last list ended')
    .action((options: OperationsOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/bulk.ts')).listOperations(context, options),
      ),
    );
  bulk
    .command('show <operation>')
    .description('show how far an operation is')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/bulk.ts')).showOperation(context, id),
      ),
    );
  bulk
    .command('abort <operation>')
    .description('start nothing more of an operation')
    .requiredOption('--reason <words>', 'why, for the record')
    .action((id: string, options: { readonly reason: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/bulk.ts')).abortOperation(context, id, options.reason),
      ),
    );
}

function letterFilter(command: Command): Command {
  return command
    .option('--case <case>', 'of this case')
    .option('--code <code>', 'that failed with this code')
    .option('--skill <name>', 'that failed in this skill')
    .option('--agent <name>', 'of this agent')
    .option('--since <time>', 'that failed since a time or a span such as 2h or 7d')
    .option('--q <words>', 'whose failure has these words');
}

function runFilter(command: Command): Command {
  return command
    .addOption(new Option('--outcome <outcome>', 'how they ended').choices(OUTCOMES))
    .option('--agent <name>', 'of this agent')
    .option('--tag <tag>', 'with this tag')
    .option('--skill <name>', 'that use this skill')
    .option('--error <code>', 'that failed with this code')
    .option('--since <time>', 'not older than a time or a span such as 2h or 7d')
    .option('--q <words>', 'whose goal has these words');
}

const PLANNERS = ['static', 'template', 'rules', 'claude'];
const OUTCOMES = ['succeeded', 'failed', 'cancelled'];

function how(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--mode <mode>',
        'retry keeps finished steps, replay uses the stored plan, replan plans anew',
      )
        .choices(modes)
        .makeOptionMandatory(),
    )
    .requiredOption('--reason <words>', 'why, for the record')
    .option('--from-step <key>', 'with retry: this step and what depends on it run again, too')
    .option('--patch <data>', '@file or a JSON Patch of {goal, input, plan}')
    .option('--agent-version <number>', 'a version of its agent, in the place of the newest')
    .addOption(new Option('--planner <name>', 'with replan: who plans').choices(PLANNERS))
    .option('--priority <number>', 'from -100 to 100, to jump the queue or to wait behind it')
    .option('--canary <numbers>', 'runs that must succeed first, such as 1,5; none for no canary');
}

function pace(command: Command): Command {
  return command
    .option('--rate <number>', 'runs a second')
    .option('--dry-run', 'only tell what it would be about')
    .option('-d, --detach', 'print the id and do not wait');
}
