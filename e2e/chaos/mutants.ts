import type { Invariant } from '@aos/checker';

/** A mistake that is planted into the code as it is loaded. A checker that does not see it proves nothing. */
export interface Mutant {
  /** The end of the file's path. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What it breaks. */
  readonly invariant: Invariant;
}

export const mutants = {
  'effect-before-intent': {
    file: 'packages/engine/src/run-unit.ts',
    from: 'if (needsIntent(attempt.effect)) {',
    to: 'if (false as boolean) {',
    invariant: 'I6',
  },
  'key-of-the-attempt': {
    file: 'packages/engine/src/idempotency-key.ts',
    from: '`${runId}|${stepKey}`',
    to: '`${runId}|${stepKey}|${Math.random()}`',
    invariant: 'I7',
  },
  'unknown-is-guessed': {
    file: 'packages/engine/src/ask-human.ts',
    from: "before?.status === 'started' && isUnrepeatable(before.effect)",
    to: 'false as boolean',
    invariant: 'I8',
  },
} as const satisfies Record<string, Mutant>;

export type MutantName = keyof typeof mutants;
