import { exitCodes, type ExitCode } from './exit-code.ts';

/** A command ends here, with a sentence for the user that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? {} : { cause });
    this.exitCode = exitCode;
  }
}

export function usageError(sentence: string, cause?: unknown): CommandError {
  return new CommandError(exitCodes.usage, sentence, cause);
}

export function connectionError(sentence: string, cause?: unknown): CommandError {
  return new CommandError(exitCodes.unreachable, sentence, cause);
}
