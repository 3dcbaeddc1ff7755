import type { APIError } from '@anthropic-ai/sdk';
import type { FailureCode } from '@aos/core';

import { remark } from './remark.ts';

/** The failure of an answer with an error status, or of an error event inside a stream. */
export function statusFailure(
  error: APIError,
  context: { readonly model: string; readonly apiKey: string },
): [FailureCode, string] {
  const { status, type } = error;
  // An error event inside a 200 stream has a type and no status.
  const what = status ?? `an error event, ${remark(type ?? 'of no type', context.apiKey)}`;
  const said = error.apiMessage ? `: ${remark(error.apiMessage, context.apiKey)}` : '';
  const sentence = `The host of the model answered ${what}${said}`.replace(/[.\s]*$/, '.');
  if (isSpendCap(error)) {
    return [
      'target_refused',
      `${sentence} Check the spend limit of the account; waiting is no use.`,
    ];
  }
  const meant = status ?? statusOfType.get(type ?? '') ?? 500;
  switch (meant) {
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
        `${sentence} Check the name of the model, ${remark(context.model, context.apiKey)} (AOS_MODEL or the agent's), and ANTHROPIC_BASE_URL.`,
      ];
    case 413:
      return ['target_refused', `${sentence} The prompt is too large.`];
    default:
      return meant >= 500 ? ['target_failed', sentence] : ['target_refused', sentence];
  }
}

const statusOfType: ReadonlyMap<string, number> = new Map(
  Object.entries({
    invalid_request_error: 400,
    authentication_error: 401,
    billing_error: 402,
    permission_error: 403,
    not_found_error: 404,
    request_too_large: 413,
    rate_limit_error: 429,
    timeout_error: 504,
    overloaded_error: 529,
  }),
);

/** A limit of money: it lifts at the end of the month or by hand, so it carries no retry-after. */
function isSpendCap(error: APIError): boolean {
  if (error.errorCode?.endsWith('spend_limit_reached')) return true;
  return (
    (error.status === 429 || error.status === 400) &&
    !error.headers?.has('retry-after') &&
    /spend|usage limits|credit balance|billing/i.test(error.apiMessage ?? '')
  );
}

/** Seconds or an HTTP date; nothing when it is neither. */
export function retryAfterMs(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}
