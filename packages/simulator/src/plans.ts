import type { Plan, PlanStep } from '@aos/core';

import type { Random } from './random.ts';

const SKILLS = ['echo', 'read', 'send', 'send', 'book', 'sync'] as const;

/** A plan of a few steps with all that plans can say. */
export function randomPlan(random: Random): Plan {
  const steps: PlanStep[] = [];
  const count = random.between(1, 5);
  for (let at = 0; at < count; at++) steps.push(randomStep(random, `s${at}`, steps));
  return { version: 1, steps };
}

function randomStep(random: Random, key: string, before: readonly PlanStep[]): PlanStep {
  const earlier = before.length > 0 && random.chance(0.7) ? random.pick(before) : undefined;
  const list = before.find(({ skill }) => skill === 'list');
  const each = list && random.chance(0.6);
  const skill = random.chance(0.15) ? 'list' : random.chance(0.05) ? 'refuse' : random.pick(SKILLS);
  const reads = earlier && random.chance(0.5);
  return {
    key,
    skill: each && skill === 'list' ? 'send' : skill,
    input: {
      n: random.between(0, 9),
      ...(reads && { from: `\${${earlier.key}}` }),
      ...(each && { item: '${item}' }),
    },
    ...(earlier && !reads && { after: [earlier.key] }),
    ...(each && {
      forEach: {
        in: `\${${list.key}}`,
        concurrency: random.between(1, 3),
        onItemError: random.pick(['fail', 'continue']),
      },
    }),
    ...(random.chance(0.05) && earlier && { when: `${earlier.key} != null` }),
    ...(random.chance(0.4) && {
      retry: {
        attempts: random.between(1, 4),
        delayMs: random.pick([50, 1_000, 6_000]),
        delayMaxMs: 8_000,
      },
    }),
    ...(random.chance(0.3) && { timeoutMs: random.between(300, 2_500) }),
    ...(random.chance(0.4) && { onError: random.chance(0.5) ? 'continue' : { use: { n: 0 } } }),
    ...(random.chance(0.12) && { approval: { reason: 'Sure?' } }),
  };
}
