import { inspect } from 'node:util';

import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  AnthropicError,
} from '@anthropic-ai/sdk';
import { AosError, type FailureCode, type Usage } from '@aos/core';

import { retryAfterMs, statusFailure } from './status-failure.ts';

/** What a failed call is told apart by, besides the error itself. */
export interface CallContext {
  readonly model: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  /** The caller's. */
  readonly signal: AbortSignal;
  /** The call's own. */
  readonly timeout: AbortSignal;
  readonly usage: Usage | undefined;
}

/** The AosError of anything the SDK throws; other errors are the program's mistakes and come back as they are. */
export function failureOfCall(thrown: unknown, context: CallContext): unknown {
  const { signal, timeout, timeoutMs, usage } = context;
  const fail = (code: FailureCode, detail: string, waitMs?: number) =>
    new AosError(code, detail, {
      cause: withoutKey(thrown, context.apiKey),
      usage,
      retryAfterMs: waitMs,
    });
  if (signal.aborted) {
    const { reason } = signal as { readonly reason: unknown };
    return reason instanceof AosError
      ? new AosError(reason.code, reason.message, { cause: reason, usage })
      : fail('cancelled', 'The call of the model was given up before it ended.');
  }
  if (timeout.aborted) return fail('target_timed_out', `No whole answer within ${timeoutMs} ms.`);
  const named = alongCauses(thrown, (error) => error instanceof AosError);
  if (named instanceof AosError) return fail(named.code, named.message);
  if (!(thrown instanceof AnthropicError)) return thrown;
  const code = systemCode(thrown);
  if (thrown instanceof APIConnectionTimeoutError || /TIMEOUT|TIMEDOUT/.test(code)) {
    return fail('target_timed_out', 'The host of the model did not answer in time.');
  }
  if (thrown instanceof APIConnectionError) return fail(...unconnected(code));
  if (thrown instanceof APIError) {
    return fail(...statusFailure(thrown, context), retryAfterMs(thrown.headers));
  }
  return fail('target_failed', 'The answer of the model was cut off or could not be read.');
}

function unconnected(code: string): [FailureCode, string] {
  const named = code ? ` (${code})` : '';
  return /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code)
    ? ['target_failed', `The host of the model closed the connection${named}.`]
    : [
        'target_unreachable',
        `The host of the model cannot be reached${named}. Check ANTHROPIC_BASE_URL and the network.`,
      ];
}

function systemCode(thrown: unknown): string {
  const found = alongCauses(
    thrown,
    (error) => typeof (error as { code?: unknown }).code === 'string',
  );
  return found ? String((found as { code?: unknown }).code) : '';
}

/** The first error that fits, from the outside in; causes nest a few levels at most. */
function alongCauses(thrown: unknown, fits: (error: Error) => boolean): Error | undefined {
  let error = thrown;
  for (let depth = 0; depth < 8 && error instanceof Error; depth++) {
    if (fits(error)) return error;
    error = error.cause;
  }
  return undefined;
}

/** The cause as it may be logged: a host that echoes the key must not bring it into a log. */
function withoutKey(thrown: unknown, apiKey: string): unknown {
  if (!inspect(thrown, { depth: 8, maxStringLength: null }).includes(apiKey)) return thrown;
  const name = thrown instanceof Error ? thrown.name : 'Error';
  return new Error(`${name}; its text held the key and is left out.`);
}
