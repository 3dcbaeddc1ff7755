import { inspect } from 'node:util';

import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  AnthropicError,
} from '@anthropic-ai/sdk';
import { AosError, type FailureCode, type Usage } from '@aos/core';

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

const REMARK_CHARS_MAX = 300;

/** The AosError of anything the SDK throws; other errors are the program's mistakes and come back as they are. */
export function failureOfCall(thrown: unknown, context: CallContext): unknown {
  const { signal, timeout, timeoutMs, usage } = context;
  const fail = (code: FailureCode, detail: string, retryAfterMs?: number) =>
    new AosError(code, detail, {
      cause: withoutKey(thrown, context.apiKey),
      usage,
      retryAfterMs,
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

/** A text of the other side, fit for a detail: one line, bounded, without the key. */
export function remark(text: string, apiKey: string): string {
  const line = text
    .replaceAll(apiKey, '[key]')
    // Control and direction characters could forge a log line or hide its end.
    // oxlint-disable-next-line no-control-regex -- they are what is removed
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  return line.length > REMARK_CHARS_MAX ? `${line.slice(0, REMARK_CHARS_MAX)}…` : line;
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

function statusFailure(error: APIError, context: CallContext): [FailureCode, string] {
  const { status, type } = error;
  // An error event inside a 200 stream has a type and no status.
  const what = status ?? `an error event, ${remark(type ?? 'of no type', context.apiKey)}`;
  const said = error.apiMessage ? `: ${remark(error.apiMessage, context.apiKey)}` : '';
  const sentence = `The host of the model answered ${what}${said}`.replace(/[.\s]*$/, '.');
  if (isSpendCap(error)) {
    return ['target_refused', `${sentence} Check the spend limit of the account; waiting is no use.`];
  }
  switch (status ?? statusOfType[type ?? '']) {
    case 429:
    case 503:
    case 529:
      return ['target_overloaded', sentence];
    case 408:
    case 504:
      return ['target_timed_out', sentence];
    case 409:
      return ['target_failed', sentence];
    case 401:
      return ['target_refused', `${sentence} Check ANTHROPIC_API_KEY.`];
    case 402:
      return ['target_refused', `${sentence} Check the billing of the account.`];
    case 403:
      return ['target_refused', `${sentence} Check what ANTHROPIC_API_KEY may do.`];
    case 404:
      return [
        'target_refused',
        `${sentence} Check the name of the model, ${remark(context.model, context.apiKey)}, and ANTHROPIC_BASE_URL.`,
      ];
    case 413:
      return ['target_refused', `${sentence} The prompt is too large.`];
    default:
      return (status ?? 500) >= 500 ? ['target_failed', sentence] : ['target_refused', sentence];
  }
}

const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 529,
};

/** A limit of money: it lifts at the end of the month or by hand, so it carries no retry-after. */
function isSpendCap(error: APIError): boolean {
  if (/spend_limit_reached$/.test(error.errorCode ?? '')) return true;
  return (
    (error.status === 429 || error.status === 400) &&
    !error.headers?.has('retry-after') &&
    /spend|usage limits|credit balance|billing/i.test(error.apiMessage ?? '')
  );
}

/** Seconds or an HTTP date; nothing when it is neither. */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}

function systemCode(thrown: unknown): string {
  const found = alongCauses(thrown, (error) => typeof (error as { code?: unknown }).code === 'string');
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
