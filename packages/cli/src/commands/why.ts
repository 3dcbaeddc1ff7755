import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { whyLines } from '../render/why.ts';

export async function why(context: Context, id: string): Promise<ExitCode> {
  const runId = runIdOf(id);
  const client = await context.connect();
  present(context, await client.runs.why(runId), (cleaned) => whyLines(context, cleaned));
  return exitCodes.ok;
}
