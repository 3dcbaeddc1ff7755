import type { Plan, PlanStep } from '@aos/core';

import type { Random } from './random.ts';
import { TARGET_HOST } from './target.ts';

const retry = { attempts: 10, delayMs: 50, delayMaxMs: 500 } as const;

function call(key: string, method: 'GET' | 'PUT' | 'POST', more: Partial<PlanStep> = {}): PlanStep {
  return {
    key,
    skill: 'http_request',
    input: { url: `http://${TARGET_HOST}/\${input.token}/${key}`, method },
    retry,
    timeoutMs: 5_000,
    ...more,
  };
}

function pure(key: string, from: string): PlanStep {
  return {
    key,
    skill: 'json_transform',
    input: { expression: '$', data: `\${${from}.json}` },
    retry,
  };
}

const shapes: readonly (() => readonly PlanStep[])[] = [
  // A chain of every class.
  () => [
    call('look', 'GET'),
    call('set', 'PUT', { after: ['look'] }),
    pure('count', 'set'),
    call('pay', 'POST', { after: ['count'] }),
  ],
  // A diamond.
  () => [
    call('look', 'GET'),
    call('left', 'PUT', { after: ['look'] }),
    call('right', 'GET', { after: ['look'] }),
    call('close', 'PUT', { after: ['left', 'right'] }),
  ],
  // Items of their own.
  () => [
    call('look', 'GET'),
    {
      ...call('each', 'PUT', { after: ['look'] }),
      input: { url: `http://${TARGET_HOST}/\${input.token}/each[\${index}]`, method: 'PUT' },
      forEach: { in: [1, 2, 3, 4, 5], concurrency: 3 },
    },
    call('close', 'GET', { after: ['each'] }),
  ],
  // A human's leave in the middle.
  () => [
    call('look', 'GET'),
    call('pay', 'PUT', { after: ['look'], approval: { reason: 'Chaos asks.' } }),
    call('close', 'GET', { after: ['pay'] }),
  ],
];

/** Two effects that nobody knows again, side by side. */
export function payingPlan(): Plan {
  return { version: 1, steps: [call('pay', 'POST'), call('send', 'POST')] };
}

/** One of the shapes of work, every step of which shows at the target by the run's token. */
export function planOf(random: Random): Plan {
  return { version: 1, steps: random.pick(shapes)() };
}
