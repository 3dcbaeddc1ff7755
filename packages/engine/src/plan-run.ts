import { AosError, failureOf, planHash, retryDelayMs, type Plan } from '@aos/core';

import type { Advance } from './advance.ts';
import { finish } from './end-run.ts';
import type { Ending } from './ports.ts';

const FIRST_VERSION = 1;
const PLANNING_RETRY = { attempts: 5, delayMs: 1_000 };

export type Planning =
  | { readonly plan: Plan }
  | { readonly ending: Ending }
  /** Cut short: the run was cancelled, timed out, or its worker stops. */
  | { readonly cut: true };

/** Makes the first plan of a run and stores it, or ends the run with the reason why there is none. */
export async function planRun(advance: Advance): Promise<Planning> {
  const { ports, run, recorder, abort } = advance;
  const begun = ports.clock.now().getTime();
  try {
    const { plan, notes, usage } = await ports.plan(run, abort);
    const hash = planHash(plan);
    await recorder.record({
      events: [
        {
          type: 'run.planned',
          version: FIRST_VERSION,
          planner: run.planner,
          steps: plan.steps.length,
          planHash: hash,
          durationMs: ports.clock.now().getTime() - begun,
          ...(usage && { usage }),
          ...(notes && notes.length > 0 && { notes }),
        },
      ],
      plan: { version: FIRST_VERSION, planner: run.planner, plan, hash },
    });
    return { plan };
  } catch (error) {
    if (abort.aborted) return { cut: true };
    if (!(error instanceof AosError)) throw error;
    return { ending: await planningFailed(advance, error) };
  }
}

async function planningFailed(
  { ports, run, recorder, ...rest }: Advance,
  error: AosError,
): Promise<Ending> {
  const failure = failureOf(error);
  const attempt = run.planningAttempts + 1;
  const delayMs = retryDelayMs(failure, attempt, PLANNING_RETRY, ports.random);
  const event = {
    type: 'run.planning_failed',
    attempt,
    failure,
    ...(error.usage && { usage: error.usage }),
  } as const;
  if (delayMs === undefined) {
    await recorder.record({ events: [event] });
    return finish({ ports, run, recorder, ...rest }, { outcome: 'failed', failure });
  }
  const wakeAt = new Date(ports.clock.now().getTime() + delayMs);
  const until = wakeAt.toISOString();
  await recorder.record({
    events: [
      { ...event, retryAt: until },
      { type: 'run.waiting', waitingFor: 'retry', until },
    ],
    next: { status: 'waiting', waitingFor: 'retry', wakeAt },
  });
  return 'waiting';
}
