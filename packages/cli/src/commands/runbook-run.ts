import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import {
  missingVariables,
  stepProblems,
  timelineMarkdown,
  walk,
  type Entry,
  type Runbook,
  type Timeline,
} from '@aos/runbooks';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { entryLines } from '../render/runbook.ts';
import { clean, cleanJson, inertJson } from '../text/clean.ts';
import { openLibrary, walkable } from './runbook.ts';
import { runbookPorts } from './runbook-ports.ts';

export interface RunbookOptions {
  readonly yes?: boolean;
  readonly confirm?: readonly string[];
  readonly allowCommands?: boolean;
  readonly var?: readonly string[];
  readonly incident?: string;
  readonly evidence?: string;
  readonly folder?: string;
}

/** Ends with 0 when the trouble is over, with 1 when it is not. */
export async function runRunbook(
  context: Context,
  name: string,
  options: RunbookOptions,
): Promise<ExitCode> {
  const runbook = walkable(context, openLibrary(context, options), name);
  const wrong = stepProblems(runbook);
  if (wrong.length > 0) {
    throw usageError([`The runbook ${name} cannot be walked:`, ...wrong].join('\n  '));
  }
  const variables = variablesOf(context, runbook, options.var ?? []);
  const incident = incidentOf(options.incident);
  const folder = join(context.surroundings().home, 'incidents');
  const file =
    options.evidence === undefined
      ? join(folder, `${incident}.json`)
      : resolve(context.folder, options.evidence);
  const record = createRecord(file, {
    version: 1,
    incident,
    runbook: runbook.name,
    digest: hash('sha256', runbook.markdown),
    api: context.surroundings().apiUrl,
    variables,
    startedAt: new Date().toISOString(),
    endedAt: null,
    outcome: null,
    entries: [],
  });
  const ports = await runbookPorts(context, {
    yes: options.yes ?? false,
    confirmed: confirmedOf(runbook, options.confirm ?? []),
    allowCommands: options.allowCommands ?? false,
    logFile: `${file.replace(/\.json$/, '')}.log`,
  });
  const outcome = await walk(runbook, variables, {
    ...ports,
    async record(entry) {
      record.add(entry);
      for (const line of entryLines(entry)) context.say(clean(line));
    },
  });
  const timeline = record.end(outcome);
  context.say(`The evidence is in ${file}.`);
  context.out.write(
    context.json ? `${inertJson(timeline)}\n` : clean(timelineMarkdown(cleanJson(timeline))),
  );
  return outcome === 'resolved' ? exitCodes.ok : exitCodes.runFailed;
}

/** Written anew with each answer: whatever ends the walk, what was answered is kept. */
function createRecord(file: string, begun: Timeline) {
  let timeline = begun;
  const keep = (flag: 'w' | 'wx'): void =>
    writeFileSync(file, `${JSON.stringify(timeline, undefined, 2)}\n`, { flag, mode: 0o600 });
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    keep('wx');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw usageError(
      error.code === 'EEXIST'
        ? `${file} exists already. Name another file with --evidence, or another --incident.`
        : `${file} cannot be written (${String(error.code)}). Name another file with --evidence.`,
      error,
    );
  }
  return {
    add(entry: Entry): void {
      timeline = { ...timeline, entries: [...timeline.entries, entry] };
      keep('w');
    },
    end(outcome: Timeline['outcome']): Timeline {
      timeline = { ...timeline, endedAt: new Date().toISOString(), outcome };
      keep('w');
      return timeline;
    },
  };
}

function confirmedOf(runbook: Runbook, ids: readonly string[]): readonly string[] {
  const acts = runbook.steps.filter(({ kind }) => kind === 'act').map(({ id }) => id);
  const unknown = ids.find((id) => !acts.includes(id));
  if (unknown === undefined) return ids;
  throw usageError(
    `The runbook ${runbook.name} has no act ${unknown}; it has ${acts.join(', ') || 'none'}.`,
  );
}

function incidentOf(given: string | undefined): string {
  if (given === undefined) {
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return `inc_${time}_${randomBytes(3).toString('hex')}`;
  }
  if (/^[\w-]{1,80}$/.test(given)) return given;
  throw usageError('--incident is letters, digits, _ and -, 80 at most.');
}

/** Those given, and the defaults of those that were not. */
function variablesOf(
  context: Context,
  runbook: Runbook,
  words: readonly string[],
): Record<string, string> {
  const given = Object.fromEntries(
    words.map((word) => {
      const [, name, value] = /^([a-z][a-z0-9_]*)=([^]*)$/.exec(word) ?? [];
      if (name === undefined || value === undefined) {
        throw usageError(`--var takes name=value, not "${word}".`);
      }
      if (runbook.variables[name]) return [name, value];
      const known = Object.keys(runbook.variables).join(', ') || 'none';
      throw usageError(`The runbook ${runbook.name} has no variable ${name}; it has ${known}.`);
    }),
  );
  const missing = missingVariables(runbook, given);
  if (missing.length > 0) {
    const told = missing.map((name) => `--var ${name}=… (${runbook.variables[name]?.about})`);
    throw usageError(
      `The runbook needs ${told.join(' and ')}: ${context.program} runbook show ${runbook.name}`,
    );
  }
  const defaults = Object.entries(runbook.variables).flatMap(([name, variable]) =>
    variable.default === undefined ? [] : [[name, variable.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...given };
}
