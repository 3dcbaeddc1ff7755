import type { EffectCheck } from '../check.ts';

/** One key for all attempts of a step, no key for two steps, and one effect for a key. */
export const effectKeys: EffectCheck = {
  kind: 'effect',
  invariant: 'I7',
  *check(_history, effects) {
    const keyOf = new Map<string, string>();
    const stepOf = new Map<string, string>();
    const applied = new Map<string, number>();
    for (const effect of effects) {
      const { key, step } = effect;
      if (key === undefined) {
        if (effect.class === 'keyed') yield `${step} is keyed and was sent without a key.`;
        continue;
      }
      const before = keyOf.get(step);
      if (before !== undefined && before !== key)
        yield `${step} was sent with ${before} and ${key}.`;
      const other = stepOf.get(key);
      if (other !== undefined && other !== step)
        yield `${key} is the key of ${other} and of ${step}.`;
      keyOf.set(step, key);
      stepOf.set(key, step);
      // Without the other side's memory a key of an unkeyed effect keeps nothing from happening twice.
      if (!effect.applied || effect.class === 'unkeyed') continue;
      const times = (applied.get(key) ?? 0) + 1;
      applied.set(key, times);
      if (times > 1) yield `${key} of ${step} was applied ${times} times.`;
    }
  },
};
