import type { CaseChangeRequest, CaseResource } from '@aos/sdk';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';
import { readInteger } from '../read-time.ts';
import { caseLines, caseTable } from '../render/letter.ts';

export interface CaseOptions {
  readonly state?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly mark?: string;
  readonly fixedIn?: string;
  readonly owner?: string;
  readonly note?: string;
}

export async function cases(
  context: Context,
  id: string | undefined,
  options: CaseOptions,
): Promise<ExitCode> {
  const { mark, fixedIn, owner, note, state, cursor } = options;
  if (id !== undefined) return one(context, id, options);
  if (mark !== undefined || fixedIn !== undefined || note !== undefined) {
    throw usageError('Name the case that this is said about.');
  }
  const client = await context.connect();
  const found = await client.cases.list({
    limit: readInteger(options.limit, '--limit'),
    ...(state !== undefined && { state }),
    ...(owner !== undefined && { owner }),
    ...(cursor !== undefined && { cursor }),
  });
  present(context, found, ({ items, nextCursor }) =>
    items.length === 0
      ? ['No cases.']
      : [
          ...caseTable(context, items),
          ...(nextCursor === null ? [] : [`More: the same with --cursor ${nextCursor}`]),
        ],
  );
  return exitCodes.ok;
}

async function one(context: Context, given: string, options: CaseOptions): Promise<ExitCode> {
  const id = given.trim().toLowerCase();
  if (!/^[0-9a-f]{24}$/.test(id)) {
    throw usageError(
      `${JSON.stringify(given)} is no case. One looks like 3f2a…: 24 digits of 0-9 and a-f.`,
    );
  }
  const change = changeOf(options);
  const client = await context.connect();
  const told: CaseResource =
    Object.keys(change).length > 0
      ? await client.cases.change(id, change)
      : await client.cases.get(id);
  present(context, told, (cleaned) => caseLines(context, cleaned));
  return exitCodes.ok;
}

function changeOf({ mark, fixedIn, owner, note }: CaseOptions): CaseChangeRequest {
  return {
    ...(mark !== undefined && { state: mark as 'open' | 'muted' | 'resolved' }),
    ...(fixedIn !== undefined && { state: 'fixed' as const, version: fixedIn }),
    ...(owner !== undefined && { owner: owner === '' ? null : owner }),
    ...(note !== undefined && { note: note === '' ? null : note }),
  };
}
