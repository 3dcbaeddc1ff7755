import { pauseScopes, type PauseScope } from '@aos/core';
import type { PauseResource, RunResource } from '@aos/sdk';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';

export interface PauseOptions {
  readonly reason?: string;
}

/** What is to be paused: one run by its id, or all that a switch covers. */
type Target = { readonly runId: string } | { readonly scope: PauseScope; readonly name?: string };

export async function pause(
  context: Context,
  what: string,
  name: string | undefined,
  { reason }: PauseOptions,
): Promise<ExitCode> {
  const target = targetOf(what, name);
  if ('runId' in target) {
    if (reason !== undefined)
      throw usageError('A reason goes with a scope, not with a single run.');
    const client = await context.connect();
    present(context, await client.runs.pause(target.runId), (run) => [pausedWords(run)]);
    return exitCodes.ok;
  }
  if (reason === undefined) {
    throw usageError('Say why, for all to see: --reason "…".');
  }
  const client = await context.connect();
  present(context, await client.admin.pause({ ...target, reason }), (made) => [
    `${capital(whatOf(made))} is paused since ${moment(made.since)}, by ${oneLine(made.by)}: ${oneLine(made.reason)}`,
    `Runs rest from their next step boundary on. End it: ${context.program} resume ${what}${name === undefined ? '' : ` ${name}`}`,
  ]);
  return exitCodes.ok;
}

export async function resume(
  context: Context,
  what: string,
  name: string | undefined,
): Promise<ExitCode> {
  const target = targetOf(what, name);
  const client = await context.connect();
  if ('runId' in target) {
    present(context, await client.runs.resume(target.runId), (run) => [
      run.outcome === null
        ? `${run.id} goes on.`
        : `${run.id} had finished before: ${run.outcome}.`,
    ]);
    return exitCodes.ok;
  }
  present(context, await client.admin.resume(target), ({ resumed }) => [
    resumed ? 'It is resumed: what rested goes on.' : 'Nothing was paused.',
  ]);
  return exitCodes.ok;
}

const columns = [
  { title: 'PAUSED' },
  { title: 'SINCE' },
  { title: 'BY' },
  { title: 'REASON', flexible: true },
];

export async function pauses(context: Context): Promise<ExitCode> {
  const client = await context.connect();
  present(context, await client.admin.pauses(), ({ items }) =>
    items.length === 0
      ? ['Nothing is paused.']
      : table(
          columns,
          items.map((one) => [
            whatOf(one),
            moment(one.since),
            oneLine(one.by),
            oneLine(one.reason),
          ]),
          context.out,
          styleOf(context.out.rich),
        ),
  );
  return exitCodes.ok;
}

function targetOf(what: string, name: string | undefined): Target {
  const scope = pauseScopes.find((one) => one === what);
  if (scope === undefined) {
    if (name === undefined) return { runId: runIdOf(what) };
    throw usageError(`${JSON.stringify(what)} is none of ${pauseScopes.join(', ')}.`);
  }
  if (name === undefined && (scope === 'agent' || scope === 'skill')) {
    throw usageError(`Name the ${scope}: ${scope} <name>.`);
  }
  return { scope, ...(name !== undefined && { name }) };
}

function pausedWords(run: RunResource): string {
  if (run.outcome !== null) return `${run.id} had finished before: ${run.outcome}.`;
  return run.waitingFor === 'pause'
    ? `${run.id} rests.`
    : `${run.id} will rest from its next step boundary on.`;
}

function whatOf({ scope, name }: PauseResource): string {
  return scope === 'everything' ? scope : `${scope} ${oneLine(name ?? '')}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
