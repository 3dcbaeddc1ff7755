import { setTimeout as sleep } from 'node:timers/promises';

import { pace, startPacing, type Pace, type Pacing } from '@aos/core';
import type { Client, ScaleResource } from '@aos/sdk';

import type { Fleet } from './fleet.ts';

export interface AutoscalerOptions {
  readonly client: Pick<Client, 'scale'>;
  readonly fleet: Fleet;
  readonly min: number;
  readonly max: number;
  readonly targetAgeMs: number;
  readonly pace: Pace;
  readonly everyMs: number;
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
  readonly now?: () => number;
}

const ANSWER_MS = 15_000;

/** Asks the API how many workers the load calls for, and follows at its pace until it is told to stop. */
export async function autoscale(options: AutoscalerOptions): Promise<void> {
  const { fleet, min, max, targetAgeMs, say, stop, now = Date.now } = options;
  let pacing = startPacing(min, now());
  let silent = false;
  say(`${workers(min)} to begin with, at most ${max}.`);
  fleet.resize(min);
  while (!stop.aborted) {
    try {
      const signal = await answered(options.client.scale({ min: 0, targetAgeMs }), stop);
      if (!signal) continue;
      if (silent) say('The API answers again.');
      silent = false;
      pacing = follow(options, pacing, signal);
    } catch (error) {
      if (stop.aborted) return;
      // Nobody knows the load: those who work go on.
      if (!silent) say(`${sentenceOf(error)} It stays at ${workers(fleet.size)}.`);
      silent = true;
    }
    // Also those that died, or could not be started before.
    fleet.resize(pacing.workers);
    await sleep(options.everyMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** Nothing when it is told to stop; an API that hangs is like one that is away. */
async function answered<T>(asking: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  const over = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]);
  const none = new Promise<undefined>((resolve) => {
    over.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const answer = await Promise.race([asking, none]);
  if (answer === undefined && !stop.aborted) throw new Error(`no answer within ${ANSWER_MS} ms.`);
  return answer;
}

function follow(
  { fleet, min, max, pace: how, say, now = Date.now }: AutoscalerOptions,
  before: Pacing,
  { desired, inputs, reasons }: ScaleResource,
): Pacing {
  const others = Math.max(0, inputs.workers - fleet.ready);
  const own = Math.min(max, Math.max(min, desired - others));
  const capped = desired - others > max ? ` More than ${max} are not allowed.` : '';
  const next = pace(before, own, now(), how);
  if (next.workers === before.workers) return next;
  const why =
    next.workers > before.workers
      ? reasons.map(({ detail }) => detail).join(' ') + capped
      : `Fewer have been enough; ${inputs.running} runs under way, ${inputs.ready} ready.`;
  say(`${new Date(now()).toISOString()} ${before.workers} -> ${workers(next.workers)}. ${why}`);
  return next;
}

function workers(count: number): string {
  return `${count} worker${count === 1 ? '' : 's'}`;
}

function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `The API does not tell the load: ${text.replace(/\.?$/, '.')}`;
}
