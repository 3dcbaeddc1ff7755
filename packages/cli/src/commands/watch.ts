import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { watchToEnd } from './finish.ts';

export async function watch(context: Context, id: string): Promise<ExitCode> {
  const runId = runIdOf(id);
  const client = await context.connect();
  return watchToEnd(context, client, await client.runs.get(runId));
}
