import type { PlannerName, RerunMode } from '@aos/core';

import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { patchOf } from '../patch-option.ts';
import { readInteger } from '../read-time.ts';
import { tellDetached, watchToEnd } from './finish.ts';

export interface RerunOptions {
  readonly mode: string;
  readonly reason: string;
  readonly fromStep?: string;
  readonly patch?: string;
  readonly agentVersion?: string;
  readonly planner?: string;
  readonly detach?: boolean;
}

export async function rerun(
  context: Context,
  id: string,
  options: RerunOptions,
): Promise<ExitCode> {
  const { mode, reason, fromStep, agentVersion, planner } = options;
  const runId = runIdOf(id);
  const client = await context.connect();
  const created = await client.runs.rerun(runId, {
    mode: mode as RerunMode,
    reason,
    ...(fromStep !== undefined && { fromStep }),
    ...patchOf(options.patch, context.folder),
    ...(agentVersion !== undefined && {
      agentVersion: readInteger(agentVersion, '--agent-version'),
    }),
    ...(planner !== undefined && { planner: planner as PlannerName }),
  });
  return options.detach ? tellDetached(context, created) : watchToEnd(context, client, created);
}
