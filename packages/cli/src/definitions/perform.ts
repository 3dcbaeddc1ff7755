import type { Command } from 'commander';

import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';

/** What a command does once its words are read. Loaded only then, so that help costs nothing. */
export type Work = (context: Context) => Promise<ExitCode>;

export type Perform = (command: Command, work: Work) => Promise<void>;

/** For options that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
