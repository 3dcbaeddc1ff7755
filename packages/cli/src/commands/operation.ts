import type { PlannerName, RerunMode } from '@aos/core';
import type { OperationResource, PreviewResource, Wish } from '@aos/sdk';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { patchOf } from '../patch-option.ts';
import { present } from '../present.ts';
import { readInteger } from '../read-time.ts';
import { operationLines, previewLines, progressLine } from '../render/operation.ts';

/** The options of everything that is done to many runs. */
export interface PaceOptions {
  readonly reason: string;
  readonly rate?: string;
  readonly canary?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
}

const LOOK_EVERY_MS = 500;

/**
 * Looks first, then begins with exactly the runs it has seen, and follows the operation to its end. The
 * exit code tells whether all was done and nothing failed so far.
 */
export async function performWish<B>(
  context: Context,
  wish: Wish<B>,
  body: Omit<B, 'dryRun'>,
  options: PaceOptions,
): Promise<ExitCode> {
  const preview = await wish.preview(body);
  if (options.dryRun) {
    present(context, preview, (cleaned) => previewLines(context, cleaned));
    return exitCodes.ok;
  }
  if (preview.count === 0) throw usageError('That means no run.');
  tell(context, preview);
  const begun = await wish({ ...body, selection: preview.selection });
  if (options.detach) {
    present(context, begun, ({ id }) => [id, `How far it is: ${context.program} bulk show ${id}`]);
    return exitCodes.ok;
  }
  const client = await context.connect();
  const stop = context.interruption();
  let operation = begun;
  let told = '';
  while (operation.state === 'running') {
    const line = progressLine(operation);
    if (line !== told && !context.json) context.say(line);
    told = line;
    await pause(LOOK_EVERY_MS, stop);
    if (stop.aborted) {
      context.say(
        `Stopped watching; the operation goes on. Stop it: ${context.program} bulk abort ${operation.id} --reason "…"`,
      );
      return exitCodes.interrupted;
    }
    operation = await client.operations.get(operation.id);
  }
  present(context, operation, (cleaned) => operationLines(context, cleaned));
  return exitCodeOf(operation);
}

function tell(context: Context, { count }: PreviewResource): void {
  if (!context.json) context.say(`${count} ${count === 1 ? 'run' : 'runs'}.`);
}

function exitCodeOf({ state, progress }: OperationResource): ExitCode {
  const clean = state === 'done' && progress.failed === 0 && progress.refused === 0;
  return clean ? exitCodes.ok : exitCodes.runFailed;
}

/** How each run of an operation is made. */
export interface HowOptions extends PaceOptions {
  readonly mode?: string;
  readonly fromStep?: string;
  readonly patch?: string;
  readonly agentVersion?: string;
  readonly planner?: string;
  readonly priority?: string;
}

/** The same as the API takes it. */
export function howOf(options: HowOptions, folder: string) {
  const { mode, fromStep, agentVersion, planner, priority } = options;
  return {
    mode: mode as RerunMode,
    reason: options.reason,
    ...(fromStep !== undefined && { fromStep }),
    ...patchOf(options.patch, folder),
    ...(agentVersion !== undefined && {
      agentVersion: readInteger(agentVersion, '--agent-version'),
    }),
    ...(planner !== undefined && { planner: planner as PlannerName }),
    ...(priority !== undefined && { priority: readInteger(priority, '--priority') }),
    ...paceOf(options),
  };
}

/** `--rate` and `--canary` as the API takes them. */
export function paceOf({ rate, canary }: PaceOptions): {
  ratePerSecond?: number;
  canary?: number[];
} {
  return {
    ...(rate !== undefined && { ratePerSecond: numberOf(rate, '--rate') }),
    ...(canary !== undefined && {
      canary: canary === 'none' ? [] : canary.split(',').map((part) => numberOf(part, '--canary')),
    }),
  };
}

function numberOf(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw usageError(`${option} needs a number above 0, not ${JSON.stringify(text)}.`);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
