import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { present } from '../present.ts';

export async function cancel(context: Context, id: string): Promise<ExitCode> {
  const runId = runIdOf(id);
  const client = await context.connect();
  present(context, await client.runs.cancel(runId), (run) => {
    if (run.outcome === 'cancelled') return [`${run.id} is cancelled.`];
    if (run.outcome !== null) return [`${run.id} had finished before: ${run.outcome}.`];
    return [
      `${run.id} will be cancelled: what is under way is stopped first. Watch it: ${context.program} watch ${run.id}`,
    ];
  });
  return exitCodes.ok;
}
