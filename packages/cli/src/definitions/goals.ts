import { Option, type Command } from 'commander';

import type { PlanningOptions, RunOptions } from '../new-run.ts';
import { collect, type Perform } from './perform.ts';

const planners = ['static', 'template', 'rules', 'claude'];

/** Commands that begin with a goal. */
export function defineGoals(program: Command, perform: Perform): void {
  planning(program.command('run').description('run a goal and show how it goes on'))
    .helpGroup('Goals:')
    .option('--tag <tag>', 'a word to find it by (repeatable)', collect)
    .option('--priority <number>', 'from -100 to 100; higher runs first')
    .option('--start-at <time>', 'not before this time, or a span such as 10m')
    .option('--expires-at <time>', 'give up when it has not started by then')
    .option('--idempotency-key <key>', 'the same key twice makes one run')
    .option('-d, --detach', 'print the id and do not wait')
    .action((goal: string, options: RunOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/run.ts')).run(context, goal, options),
      ),
    );
  planning(program.command('plan').description('show what a goal would do; executes nothing'))
    .helpGroup('Goals:')
    .action((goal: string, options: PlanningOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('../commands/plan.ts')).plan(context, goal, options),
      ),
    );
}

function planning(command: Command): Command {
  return command
    .argument('<goal>', 'what is wanted, in plain words, in quotes')
    .option('--agent <name>', 'the agent that pursues it')
    .option('--input <data>', '@file, {"name": "value"} or name=value (repeatable)', collect)
    .option('--plan <@file>', 'a plan of your own, as JSON')
    .addOption(new Option('--planner <name>', 'who makes the plan').choices(planners))
    .option('--template <name>', 'a plan template of the agent')
    .option('--param <name=value>', 'a parameter of the template (repeatable)', collect)
    .option('--wall-ms <number>', 'the most time from start to end, in milliseconds')
    .option('--steps-max <number>', 'the most steps the plan may have');
}
