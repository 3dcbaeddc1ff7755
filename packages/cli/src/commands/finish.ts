import type { Client, RunResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { follow } from '../live/follow.ts';
import { present } from '../present.ts';
import { reportLines } from '../render/report.ts';

/** Shows the run until it ends, then its report; the exit code tells its outcome. */
export async function watchToEnd(
  context: Context,
  client: Client,
  run: Pick<RunResource, 'id' | 'goal'>,
): Promise<ExitCode> {
  if ((await follow(context, client, run)) === 'detached') {
    context.say(
      `Stopped watching; the run goes on. Watch it: ${context.program} watch ${run.id}\nStop it: ${context.program} cancel ${run.id}`,
    );
    return exitCodes.interrupted;
  }
  const report = await client.runs.report(run.id);
  present(context, report, (cleaned) => ['', ...reportLines(context, cleaned)]);
  return report.outcome === 'succeeded' ? exitCodes.ok : exitCodes.runFailed;
}

/** The run is on its way, and nobody waits for it here. */
export function tellDetached(context: Context, run: RunResource): ExitCode {
  present(context, run, ({ id }) => [id, `Watch it: ${context.program} watch ${id}`]);
  return exitCodes.ok;
}
