import { AosError, type FailureCode } from '@aos/core';

/**
 * A request that did not end with an answer. `sent` is false when it is certain that nothing of it left
 * the process, so that repeating it is safe whatever it does; true when the other side may have acted.
 */
export class EgressError extends AosError {
  readonly sent: boolean;

  constructor(
    code: FailureCode,
    detail: string,
    options: { sent?: boolean; cause?: unknown } = {},
  ) {
    super(code, detail, options);
    this.sent = options.sent ?? false;
  }
}
