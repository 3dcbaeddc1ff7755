import { planKeyOf } from '@aos/core';

import type { RunCheck } from '../check.ts';

const GRACE_MS = 60_000;
/** The longest a plan may ask for. */
const STEP_TIMEOUT_MAX_MS = 3_600_000;

/** Nothing stays under way past its time, even if its worker is alive. */
export const progress: RunCheck = {
  kind: 'run',
  invariant: 'I18',
  *check({ run, steps, plans, now }) {
    if (run.status !== 'running') return;
    const lateMs = now.getTime() - (run.deadlineAt?.getTime() ?? Infinity);
    if (lateMs > GRACE_MS) yield `It is running ${lateMs} ms after its deadline.`;
    const limits = new Map(
      (plans.at(-1)?.plan.steps ?? []).map(({ key, timeoutMs }) => [key, timeoutMs]),
    );
    for (const { key, status, startedAt } of steps) {
      if (status !== 'started' || !startedAt) continue;
      const limitMs = limits.get(planKeyOf(key)) ?? STEP_TIMEOUT_MAX_MS;
      const overMs = now.getTime() - startedAt.getTime() - limitMs;
      if (overMs > GRACE_MS) yield `${key} is under way ${overMs} ms after its time.`;
    }
  },
};
