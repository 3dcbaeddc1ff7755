import type { TargetResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';
import { readTime } from '../read-time.ts';
import { targetLine, targetTable } from '../render/targets.ts';

export interface ParkOptions {
  readonly reason: string;
  readonly until?: string;
}

export async function targets(context: Context): Promise<ExitCode> {
  const client = await context.connect();
  present(context, await client.targets.list(), ({ items }) =>
    items.length === 0 ? ['Nothing is out.'] : targetTable(context, items, Date.now()),
  );
  return exitCodes.ok;
}

export async function park(
  context: Context,
  target: string,
  { reason, until }: ParkOptions,
): Promise<ExitCode> {
  const at = until === undefined ? undefined : readTime(until, 1, Date.now(), '--until');
  const client = await context.connect();
  tell(context, await client.targets.park({ target, reason, ...(at && { until: at }) }));
  return exitCodes.ok;
}

export async function release(
  context: Context,
  target: string,
  { reason }: { readonly reason: string },
): Promise<ExitCode> {
  const client = await context.connect();
  tell(context, await client.targets.release({ target, reason }));
  return exitCodes.ok;
}

function tell(context: Context, target: TargetResource): void {
  present(context, target, (cleaned) => [targetLine(cleaned)]);
}
