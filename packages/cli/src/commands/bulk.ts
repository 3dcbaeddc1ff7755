import type { Outcome } from '@aos/core';
import type { CancelManyRequest, RerunManyRequest } from '@aos/sdk';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { operationIdOf, runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { readInteger, readTime } from '../read-time.ts';
import { operationLines, operationTable } from '../render/operation.ts';
import { howOf, paceOf, performWish, type HowOptions } from './operation.ts';

export interface BulkOptions extends HowOptions {
  readonly outcome?: string;
  readonly agent?: string;
  readonly tag?: string;
  readonly skill?: string;
  readonly error?: string;
  readonly since?: string;
  readonly q?: string;
}

export interface OperationsOptions {
  readonly state?: string;
  readonly limit: string;
  readonly cursor?: string;
}

export async function rerunMany(
  context: Context,
  runs: readonly string[],
  options: BulkOptions,
): Promise<ExitCode> {
  const body: Omit<RerunManyRequest, 'dryRun'> = {
    ...selectionOf(runs, options),
    ...howOf(options, context.folder),
  };
  const client = await context.connect();
  return performWish(context, client.operations.rerun, body, options);
}

export async function cancelMany(
  context: Context,
  runs: readonly string[],
  options: BulkOptions,
): Promise<ExitCode> {
  const body: Omit<CancelManyRequest, 'dryRun'> = {
    ...selectionOf(runs, options),
    reason: options.reason,
    ...paceOf(options),
  };
  const client = await context.connect();
  return performWish(context, client.operations.cancel, body, options);
}

export async function listOperations(
  context: Context,
  { state, limit, cursor }: OperationsOptions,
): Promise<ExitCode> {
  const client = await context.connect();
  const found = await client.operations.list({
    limit: readInteger(limit, '--limit'),
    ...(state !== undefined && { state }),
    ...(cursor !== undefined && { cursor }),
  });
  present(context, found, ({ items, nextCursor }) =>
    items.length === 0
      ? ['No operations.']
      : [
          ...operationTable(context, items),
          ...(nextCursor === null ? [] : [`More: the same with --cursor ${nextCursor}`]),
        ],
  );
  return exitCodes.ok;
}

export async function showOperation(context: Context, id: string): Promise<ExitCode> {
  const operationId = operationIdOf(id);
  const client = await context.connect();
  present(context, await client.operations.get(operationId), (cleaned) =>
    operationLines(context, cleaned),
  );
  return exitCodes.ok;
}

export async function abortOperation(
  context: Context,
  id: string,
  reason: string,
): Promise<ExitCode> {
  const operationId = operationIdOf(id);
  const client = await context.connect();
  present(context, await client.operations.abort(operationId, reason), (cleaned) =>
    operationLines(context, cleaned),
  );
  return exitCodes.ok;
}

/** These runs, or all that the filters mean; never both, and never simply all. */
function selectionOf(
  runs: readonly string[],
  options: BulkOptions,
): Pick<RerunManyRequest, 'runIds' | 'filter'> {
  const { outcome, agent, tag, skill, error, since, q } = options;
  const filter = {
    ...(outcome !== undefined && { outcome: outcome as Outcome }),
    ...(agent !== undefined && { agent }),
    ...(tag !== undefined && { tag }),
    ...(skill !== undefined && { skill }),
    ...(error !== undefined && { error }),
    ...(since !== undefined && { createdAfter: readTime(since, -1, Date.now(), '--since') }),
    ...(q !== undefined && { q }),
  };
  const filtered = Object.keys(filter).length > 0;
  if (runs.length > 0 && filtered) throw usageError('Give either ids or filters, not both.');
  if (runs.length > 0) return { runIds: runs.map(runIdOf) };
  if (filtered) return { filter };
  throw usageError('Say which: give ids, or a filter such as --tag or --error.');
}
