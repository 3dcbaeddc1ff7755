import { Command } from 'commander';

import { defineAbout } from './about.ts';
import { defineCatalog } from './catalog.ts';
import { defineCheck } from './check.ts';
import { defineDrills } from './drills.ts';
import { defineGoals } from './goals.ts';
import { defineOperation, defineRecovery } from './operation.ts';
import { definePauses } from './pauses.ts';
import type { Perform } from './perform.ts';
import { defineRepair } from './repair.ts';
import { defineRunbooks } from './runbooks.ts';
import { defineRuns } from './runs.ts';
import { defineSilences } from './silences.ts';

/** The options of every command. */
export interface SharedOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
}

const MORE = `
Environment:
  AOS_URL            address of the API; else the one of a local stack, else http://127.0.0.1:8080
  AOS_API_KEY        key of the API; AOS_API_KEY_FILE names a file that holds it
  AOS_HOME           folder of a local stack, which keeps its address and key (./.aos)
  ALERTMANAGER_URL   Alertmanager of silence; else http://127.0.0.1:9093
  DATABASE_URL       database of check, also as DATABASE_URL_FILE; else the one of a local stack
  NO_COLOR           plain lines without colour, as with CI, TERM=dumb or a pipe

Exit codes:
  0    done; of run, watch and rerun: the run succeeded
  1    the run failed or was cancelled; of doctor: something must be mended; of runbook run: not resolved
  2    it cannot be done as asked: words, files, ids, bodies, or the state of things
  3    the API cannot be reached, or refuses
  70   a fault of this program
  71   of check: nothing was checked
  130  Ctrl-C

check ends with the number of violated invariants, 0 to 69.`;

/** All commands and options. What a command does is loaded when it is performed. */
export function defineProgram(version: string, perform: Perform): Command {
  const program = new Command('aos')
    .description('Give goals to AOS, watch them, and read what came out.')
    .usage('<command> [options]')
    .option('--url <url>', 'address of the API')
    .option('--key-file <file>', 'file that holds the API key')
    .option('--json', 'print one JSON document and nothing else')
    .version(version, '-V, --version', 'print the version of this program')
    .helpOption('-h, --help', 'explain a command')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('See: aos help')
    .addHelpText('after', MORE)
    .exitOverride();
  defineGoals(program, perform);
  defineRuns(program, perform);
  defineRepair(program, perform);
  defineCatalog(program, perform);
  defineOperation(program, perform);
  definePauses(program, perform);
  defineRunbooks(program, perform);
  defineSilences(program, perform);
  defineDrills(program, perform);
  defineCheck(program, perform);
  defineRecovery(program, perform);
  defineAbout(program, perform);
  program.addHelpCommand(
    program
      .createCommand('help')
      .argument('[command]')
      .description('explain a command')
      .helpGroup('Program:')
      .helpOption(false),
  );
  return program;
}
