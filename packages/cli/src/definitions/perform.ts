import type { Command } from 'commander';

import type { Context } from '../context.ts';

/**
 * What a command does once its words are read. Loaded only then, so that help costs nothing. Gives one of
 * the exit codes, or the count that `check` ends with.
 */
export type Work = (context: Context) => Promise<number>;

export type Perform = (command: Command, work: Work) => Promise<void>;

/** For options that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
