/**
 * Floor 3: the `aos` command. Speaks to the API through the SDK only; knows no SQL, engine or skill. The
 * exceptions are `check` and `doctor`, which read the database themselves.
 */
import { resolve } from 'node:path';

import type { Client } from '@aos/sdk';
import { CommanderError, type Command } from 'commander';

import { askOn } from './ask.ts';
import { cliVersion } from './cli-version.ts';
import { CommandError } from './command-error.ts';
import { alertmanagerUrlOf, apiKeyOf, databaseUrlOf, urlOf } from './connection.ts';
import type { Context } from './context.ts';
import type { Work } from './definitions/perform.ts';
import { defineProgram, type SharedOptions } from './definitions/program.ts';
import { exitCodes } from './exit-code.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { handOver } from './hand-over.ts';
import { interruptionOf } from './interruption.ts';
import { screenOf } from './screen.ts';
import { settingsOf } from './settings.ts';

const settings = settingsOf(process.env, resolve('.aos'));
const folder = settings.folder ?? process.cwd();
const out = screenOf(process.stdout, settings.plain);
const interruption = interruptionOf(process);
const ask = askOn(process.stdin, process.stderr);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has enough, as `head` has.
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});
const code = await main();
// What is still on its way, such as the answer to a question nobody waits for, does not hold the process.
process.stdout.write('', () => process.exit(code));

async function main(): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = defineProgram(cliVersion(), async (command, work) => {
    exitCode = await perform(command, work);
  });
  try {
    await program.parseAsync(process.argv);
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has told what is wrong. Asking for help is no mistake.
    if (error.exitCode === 0) return exitCodes.ok;
    return error.exitCode === exitCodes.notChecked ? exitCodes.notChecked : exitCodes.usage;
  }
}

async function perform(command: Command, work: Work): Promise<number> {
  try {
    return await work(contextOf(command.optsWithGlobals()));
  } catch (error) {
    if (error instanceof CommandError) {
      say(error.message);
      return error.exitCode;
    }
    const { explainError } = await import('./explain-error.ts');
    const { lines, exitCode } = explainError(error, settings.program);
    for (const line of lines) say(line);
    return exitCode;
  }
}

function contextOf(options: SharedOptions): Context {
  return {
    out,
    json: options.json ?? false,
    program: settings.program,
    folder,
    say,
    interruption,
    connect: async () => connect(urlOf(settings, options), apiKeyOf(settings, options, folder)),
    user: settings.user,
    async alertmanager() {
      const url = alertmanagerUrlOf(settings);
      return (await import('./alertmanager.ts')).alertmanagerAt(url);
    },
    databaseUrl: (given) => databaseUrlOf(settings, given),
    ask,
    handOver: (handed, args) => handOver(handed, args, apiEnvironment(options)),
    apiEnvironment: () => apiEnvironment(options),
    handOverAlone: (handed, args) => handOver(handed, args, process.env),
    surroundings: () => ({
      apiUrl: urlOf(settings, options),
      home: resolve(folder, settings.home),
      environment: process.env,
    }),
    async connectWithoutKey() {
      const url = urlOf(settings, options);
      return { url, client: await connect(url, 'none') };
    },
  };
}

function apiEnvironment(options: SharedOptions) {
  return {
    ...process.env,
    AOS_URL: urlOf(settings, options),
    AOS_API_KEY: apiKeyOf(settings, options, folder),
  };
}

async function connect(url: string, apiKey: string): Promise<Client> {
  const { createClient } = await import('@aos/sdk');
  return createClient({ url, apiKey, fetch: guardedFetch(url) });
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
