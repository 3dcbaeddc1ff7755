import type { EffectClass } from '@aos/core';

const words: Readonly<Record<EffectClass, string>> = {
  pure: 'only computes',
  read: 'only reads',
  keyed: 'changes something; a repetition is recognised by its key',
  reconcilable: 'changes something; whether it happened can be looked up',
  unkeyed: 'changes something; a human decides about repeating it',
};

/** What an effect class means to the person who decides about it. */
export function effectWords(effect: string | null): string {
  return effect === null
    ? 'unknown'
    : ((words as Readonly<Record<string, string>>)[effect] ?? effect);
}
