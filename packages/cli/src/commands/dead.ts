import type { DeadLetterFilter, DiscardRequest, RedriveRequest } from '@aos/sdk';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { letterIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { readInteger, readTime } from '../read-time.ts';
import { letterLines, letterTable } from '../render/letter.ts';
import { howOf, performWish, type HowOptions } from './operation.ts';

interface LetterOptions {
  readonly case?: string;
  readonly code?: string;
  readonly skill?: string;
  readonly agent?: string;
  readonly since?: string;
  readonly q?: string;
}

export interface DeadListOptions extends LetterOptions {
  readonly state?: string;
  readonly limit: string;
  readonly cursor?: string;
}

export type RedriveOptions = LetterOptions & HowOptions;

export interface DiscardOptions extends LetterOptions {
  readonly reason: string;
}

export async function list(context: Context, options: DeadListOptions): Promise<ExitCode> {
  const { since, limit, ...filter } = options;
  const asked: DeadLetterFilter = {
    ...filter,
    limit: readInteger(limit, '--limit'),
    ...(since !== undefined && { failedAfter: readTime(since, -1, Date.now(), '--since') }),
  };
  const client = await context.connect();
  present(context, await client.deadLetters.list(asked), ({ items, nextCursor }) =>
    items.length === 0
      ? ['No failed runs.']
      : [
          ...letterTable(context, items),
          ...(nextCursor === null ? [] : [`More: the same with --cursor ${nextCursor}`]),
        ],
  );
  return exitCodes.ok;
}

export async function show(context: Context, id: string): Promise<ExitCode> {
  const letterId = letterIdOf(id);
  const client = await context.connect();
  present(context, await client.deadLetters.get(letterId), (detail) =>
    letterLines(context, detail),
  );
  return exitCodes.ok;
}

export async function redrive(
  context: Context,
  letters: readonly string[],
  options: RedriveOptions,
): Promise<ExitCode> {
  const body: Omit<RedriveRequest, 'dryRun'> = {
    ...selectionOf(letters, options),
    ...howOf(options, context.folder),
  };
  const client = await context.connect();
  return performWish(context, client.deadLetters.redrive, body, options);
}

export async function discard(
  context: Context,
  letters: readonly string[],
  options: DiscardOptions,
): Promise<ExitCode> {
  const body = { ...selectionOf(letters, options), reason: options.reason };
  const client = await context.connect();
  present(context, await client.deadLetters.discard(body), ({ discarded }) => [
    `Discarded: ${discarded}.`,
  ]);
  return exitCodes.ok;
}

/** These letters, or all open ones that the filters mean; never both, and never simply all. */
function selectionOf(
  letters: readonly string[],
  options: LetterOptions,
): Pick<DiscardRequest, 'ids' | 'filter'> {
  const { case: fingerprint, code, skill, agent, since, q } = options;
  const filter = {
    ...(fingerprint !== undefined && { case: fingerprint }),
    ...(code !== undefined && { code: code as never }),
    ...(skill !== undefined && { skill }),
    ...(agent !== undefined && { agent }),
    ...(since !== undefined && { failedAfter: readTime(since, -1, Date.now(), '--since') }),
    ...(q !== undefined && { q }),
  };
  const filtered = Object.keys(filter).length > 0;
  if (letters.length > 0 && filtered) throw usageError('Give either ids or filters, not both.');
  if (letters.length > 0) return { ids: letters.map(letterIdOf) };
  if (filtered) return { filter };
  throw usageError('Say which: give ids, or a filter such as --case or --code.');
}
