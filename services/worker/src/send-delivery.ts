import {
  CLOUD_EVENTS_TYPE,
  cloudEvent,
  failureOf,
  retryAfterMs,
  storableText,
  type AttemptResult,
  type CloudEvent,
} from '@aos/core';
import type { Egress } from '@aos/egress';
import type { deliveries, outbox } from '@aos/store';

import { signatures } from './webhook-signature.ts';

/** Shorter than a delivery is another worker's to send again. */
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024;
/** Of an answer, in the history. */
const ANSWER_CHARS_MAX = 500;

/** One attempt: what came of it, and the record of it. Rejects when `signal` ends it. */
export async function sendDelivery(
  egress: Egress,
  sending: outbox.Sending,
  signal: AbortSignal,
): Promise<{ readonly result: AttemptResult; readonly attempt: deliveries.Attempt }> {
  const at = new Date();
  const began = performance.now();
  const body = JSON.stringify(bodyOf(sending));
  const timestampS = Math.floor(at.getTime() / 1_000);
  const told = () => ({
    at: at.toISOString(),
    durationMs: Math.round(performance.now() - began),
  });
  try {
    const response = await egress.request(
      {
        url: sending.url,
        method: 'POST',
        headers: {
          'content-type': CLOUD_EVENTS_TYPE,
          'webhook-id': sending.id,
          'webhook-timestamp': String(timestampS),
          'webhook-signature': signatures(sending.secrets, { id: sending.id, timestampS, body }),
        },
        body,
        bytesMax: ANSWER_BYTES_MAX,
        redirectsMax: 0,
        timeoutMs: TIMEOUT_MS,
      },
      signal,
    );
    const wait = retryAfterMs(response.headers['retry-after']);
    const answer = storableText(response.body.toString('utf8', 0, 4 * ANSWER_CHARS_MAX));
    return {
      result: { status: response.status, ...(wait !== undefined && { retryAfterMs: wait }) },
      attempt: {
        ...told(),
        status: response.status,
        ...(answer !== '' && { answer: answer.slice(0, ANSWER_CHARS_MAX) }),
      },
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const failure = failureOf(error);
    return {
      result: { failure },
      attempt: { ...told(), error: `${failure.code}: ${failure.detail}` },
    };
  }
}

function bodyOf({ id, event, createdAt }: outbox.Sending): CloudEvent {
  if (event) return cloudEvent(event);
  return {
    specversion: '1.0',
    id,
    source: '/v1/webhooks',
    type: 'aos.webhook.ping',
    subject: 'ping',
    time: createdAt.toISOString(),
    datacontenttype: 'application/json',
    sequence: '0',
    data: {},
  };
}
