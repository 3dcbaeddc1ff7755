import { randomUUID } from 'node:crypto';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { checkedIdempotencyKey, newRunOf, type RunOptions } from '../new-run.ts';
import { tellDetached, watchToEnd } from './finish.ts';

export async function run(context: Context, goal: string, options: RunOptions): Promise<ExitCode> {
  const body = newRunOf(goal, options, context.folder, Date.now());
  const idempotencyKey = checkedIdempotencyKey(options.idempotencyKey ?? randomUUID());
  const client = await context.connect();
  const signal = context.interruption();
  try {
    const created = await client.runs.create(body, { idempotencyKey, signal });
    return options.detach
      ? tellDetached(context, created)
      : await watchToEnd(context, client, created);
  } catch (error) {
    if (!signal.aborted) throw error;
    context.say(
      `Stopped before the API answered; it may have accepted the run all the same. See: ${context.program} list`,
    );
    return exitCodes.interrupted;
  }
}
