import { setTimeout as sleep } from 'node:timers/promises';

import type { Fleet } from './fleet.ts';
import type { Random } from './random.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Whoever asks AOS for something: at any API that lives, with bounds on its patience. */
export interface Caller {
  /** One try; undefined when no answer came, and it may or may not have been done. */
  once(method: string, path: string, body?: object, key?: string): Promise<Answer | undefined>;
  /** Again and again until there is an answer that is no "later"; undefined once `patienceMs` is over. */
  insist(method: string, path: string, body?: object, key?: string): Promise<Answer | undefined>;
  readonly lost: number;
}

const ANSWER_MS = 5_000;
const PATIENCE_MS = 120_000;
const PAUSE_MS = 150;

export function createCaller(fleet: Fleet, apiKey: string, random: Random): Caller {
  let lost = 0;
  const once: Caller['once'] = async (method, path, body, key) => {
    const urls = fleet.urls();
    if (urls.length === 0) return undefined;
    try {
      const response = await fetch(`${random.pick(urls)}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    } catch {
      lost++;
      return undefined;
    }
  };
  return {
    once,
    async insist(method, path, body, key) {
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
        const answer = await once(method, path, body, key);
        const later =
          !answer ||
          answer.status >= 500 ||
          answer.status === 429 ||
          answer.body['code'] === 'idempotency_in_flight';
        if (!later) return answer;
        await sleep(PAUSE_MS * (0.5 + random.next()));
      }
      return undefined;
    },
    get lost() {
      return lost;
    },
  };
}
