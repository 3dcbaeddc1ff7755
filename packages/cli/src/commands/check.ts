import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  checkHistory,
  exposition,
  readEffects,
  type CheckReport,
  type Effect,
  type Invariant,
  type Violation,
} from '@aos/checker';
import { AosError } from '@aos/core';

import { CommandError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, VIOLATED_MAX } from '../exit-code.ts';
import { readInteger, readTime } from '../read-time.ts';
import { checkLines } from '../render/check.ts';
import { cleanJson, inertLine } from '../text/clean.ts';

export interface CheckOptions {
  readonly database?: string;
  readonly effects?: string;
  readonly since?: string;
  readonly prometheus?: boolean;
  readonly watch?: string;
}

/** Violations that a person is shown of one look; all of them are counted. */
const SHOWN_MAX = 200;
const WATCH_SECONDS_MAX = 86_400;
/** What was being committed while we looked is looked at once more. */
const OVERLAP_MS = 30_000;

/** Ends with the number of invariants that are violated; when it watches, in any of its looks. */
export async function check(context: Context, options: CheckOptions): Promise<number> {
  const { watch } = options;
  try {
    const everyS = watch === undefined ? undefined : watchSeconds(watch);
    let since = options.since === undefined ? undefined : sinceOf(options.since);
    const databaseUrl = context.databaseUrl(options.database);
    const effects =
      options.effects === undefined
        ? undefined
        : await readEffects(resolve(context.folder, options.effects));
    const signal = everyS === undefined ? undefined : context.interruption();
    const violated = new Set<Invariant>();
    for (;;) {
      const report = await look(context, options, { databaseUrl, since, effects });
      for (const [invariant, n] of report.violations) if (n > 0) violated.add(invariant);
      since = new Date(report.at.getTime() - OVERLAP_MS);
      if (everyS === undefined) break;
      await sleep(everyS * 1000, undefined, { signal: signal as AbortSignal }).catch(() => {});
      if (signal?.aborted) break;
    }
    return Math.min(violated.size, VIOLATED_MAX);
  } catch (error) {
    throw explained(error);
  }
}

interface What {
  readonly databaseUrl: string;
  readonly since: Date | undefined;
  readonly effects: ReadonlyMap<string, Effect[]> | undefined;
}

async function look(
  { out, json }: Context,
  { prometheus = false }: CheckOptions,
  { databaseUrl, since, effects }: What,
): Promise<CheckReport> {
  const shown: Violation[] = [];
  const tell = (violation: Violation) => {
    if (json) out.write(`${inertLine(violation)}\n`);
    else if (shown.length < SHOWN_MAX) shown.push(violation);
  };
  const what = { databaseUrl, ...(since && { since }), ...(effects && { effects }) };
  const report = await checkHistory(what, tell);
  if (prometheus) out.write(exposition(report));
  else if (!json) out.write(`${checkLines(out, report, cleanJson(shown)).join('\n')}\n`);
  return report;
}

function sinceOf(text: string): Date {
  return new Date(readTime(text, -1, Date.now(), '--since'));
}

function watchSeconds(text: string): number {
  const seconds = readInteger(text, '--watch');
  if (seconds >= 1 && seconds <= WATCH_SECONDS_MAX) return seconds;
  throw notChecked(`--watch needs a number of seconds from 1 to ${WATCH_SECONDS_MAX}.`);
}

function notChecked(sentence: string, cause?: unknown): CommandError {
  return new CommandError(exitCodes.notChecked, sentence, cause);
}

/** Nothing that keeps it from checking may look like a count. */
function explained(error: unknown): unknown {
  if (error instanceof CommandError) return notChecked(error.message, error);
  if (!(error instanceof Error)) return error;
  const { code = '' } = error as Error & { readonly code?: string };
  if (error instanceof AosError) {
    const why = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    return notChecked(`${error.message}${why}`, error);
  }
  if (/^E[A-Z]+$/.test(code)) return notChecked(`${error.message}.`, error);
  // The database refuses the login, the role or the tables: it is not one of AOS, or not for us.
  if (/^(28|3D|3F|42|22023)/.test(code)) {
    return notChecked(
      `The database cannot be checked: ${error.message}. Give a database of AOS and a login in the role aos_reader.`,
      error,
    );
  }
  return error;
}
