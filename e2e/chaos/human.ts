import { setTimeout as sleep } from 'node:timers/promises';

import type { Caller } from './caller.ts';
import type { Random } from './random.ts';

/** Somebody who decides whatever is asked, and remembers what was taken from them. */
export interface Human {
  /** Decisions that were acknowledged, by approval. */
  readonly decided: ReadonlyMap<string, 'approve' | 'reject'>;
  stop(): Promise<void>;
}

const LOOK_MS = 150;

export function startHuman(caller: Caller, random: Random): Human {
  const decided = new Map<string, 'approve' | 'reject'>();
  const stopped = new AbortController();
  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const list = await caller.once('GET', '/v1/approvals?status=open&limit=50');
      const items = (list?.body['items'] ?? []) as { readonly id: string; readonly kind: string }[];
      await Promise.all(items.map((one) => decide(one)));
      await sleep(LOOK_MS);
    }
  };
  const decide = async ({ id, kind }: { readonly id: string; readonly kind: string }) => {
    const decision = random.chance(kind === 'review' ? 0.5 : 0.85) ? 'approve' : 'reject';
    const answer = await caller.once('POST', `/v1/approvals/${id}/decision`, { decision });
    if (answer?.status === 200) decided.set(id, decision);
  };
  const working = work();
  return {
    decided,
    async stop() {
      stopped.abort('over');
      await working;
    },
  };
}
