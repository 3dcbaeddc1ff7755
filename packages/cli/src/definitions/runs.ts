import { Option, type Command } from 'commander';

import type { ListOptions } from '../commands/list.ts';
import type { RerunOptions } from '../commands/rerun.ts';
import type { ShowOptions } from '../commands/show.ts';
import type { ArtifactsOptions } from '../commands/artifacts.ts';
import type { Perform } from './perform.ts';

const GROUP = 'Runs:';
const statuses = ['queued', 'running', 'waiting', 'finished'];
const outcomes = ['succeeded', 'failed', 'cancelled'];
const planners = ['static', 'template', 'rules', 'claude'];
const waits = ['retry', 'approval', 'review', 'target'];
const modes = ['retry', 'replay', 'replan'];

/** Commands about runs that are there. */
export function defineRuns(program: Command, perform: Perform): void {
  defineList(program, perform);
  defineShow(program, perform);
  program
    .command('watch <run>')
    .helpGroup(GROUP)
    .description('show how a run goes on, from its first event')
    .action((run: string, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/watch.ts')).watch(context, run),
      ),
    );
  program
    .command('cancel <run>')
    .helpGroup(GROUP)
    .description('stop a run')
    .action((run: string, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/cancel.ts')).cancel(context, run),
      ),
    );
  defineRerun(program, perform);
  program
    .command('why <run>')
    .helpGroup(GROUP)
    .description('say why a run is where it is')
    .action((run: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('../commands/why.ts')).why(context, run)),
    );
  defineResults(program, perform);
}

function defineList(program: Command, perform: Perform): void {
  program
    .command('list')
    .helpGroup(GROUP)
    .description('list runs, newest first')
    .addOption(new Option('--status <status>', 'where they are').choices(statuses))
    .addOption(new Option('--outcome <outcome>', 'how they ended').choices(outcomes))
    .addOption(new Option('--waiting-for <what>', 'what they wait for').choices(waits))
    .option('--agent <name>', 'of this agent')
    .option('--tag <tag>', 'with this tag')
    .option('--skill <name>', 'that use this skill')
    .option('--error <code>', 'that failed with this code')
    .option('--origin <run>', 'made by running this run again')
    .option('--q <words>', 'whose goal has these words')
    .option('--since <time>', 'not older than a time or a span such as 2h or 7d')
    .option('--limit <number>', 'how many', '20')
    .option('--cursor <cursor>', 'go on where the last list ended')
    .action((options: ListOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/list.ts')).list(context, options),
      ),
    );
}

function defineShow(program: Command, perform: Perform): void {
  const parts = ['steps', 'events', 'plan', 'report', 'why'];
  const part = (name: string, description: string) =>
    new Option(`--${name}`, description).conflicts(parts.filter((other) => other !== name));
  program
    .command('show <run>')
    .helpGroup(GROUP)
    .description('show a run, or one part of it')
    .addOption(part('steps', 'its steps'))
    .addOption(part('events', 'everything that happened'))
    .addOption(part('plan', 'its plan'))
    .addOption(part('report', 'its report'))
    .addOption(part('why', 'why it is where it is'))
    .option('--all', 'all steps or events, however many')
    .action((run: string, options: ShowOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/show.ts')).show(context, run, options),
      ),
    );
}

function defineRerun(program: Command, perform: Perform): void {
  program
    .command('rerun <run>')
    .helpGroup(GROUP)
    .description('start a new run of the same goal')
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
    .addOption(new Option('--planner <name>', 'with replan: who plans').choices(planners))
    .option('-d, --detach', 'print the id and do not wait')
    .action((run: string, options: RerunOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/rerun.ts')).rerun(context, run, options),
      ),
    );
}

function defineResults(program: Command, perform: Perform): void {
  program
    .command('report <run>')
    .helpGroup(GROUP)
    .description('show what came out of a run')
    .option('--markdown', 'as a Markdown document')
    .action((run: string, options: { readonly markdown?: boolean }, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/report.ts')).report(context, run, options),
      ),
    );
  program
    .command('artifacts <run> [name]')
    .helpGroup(GROUP)
    .description('list the files of a run, or get one')
    .option('-o, --output <file>', 'where to put it: a file, a folder, or - for stdout')
    .option('--force', 'overwrite a file that is there')
    .action((run: string, name: string | undefined, options: ArtifactsOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/artifacts.ts')).artifacts(context, run, name, options),
      ),
    );
}
