import { setTimeout as sleep } from 'node:timers/promises';

import type { Plan } from '@aos/core';

import type { Caller } from './caller.ts';
import type { Random } from './random.ts';

/** One wish of the client, and what it knows of it. */
export interface Wish {
  readonly token: string;
  readonly keyed: boolean;
  /** The run it was answered with. */
  runId?: string;
  /** It was answered with another run once more. */
  otherRunId?: string;
  /** No answer came: it may have been accepted. */
  unsure: boolean;
  refused?: string;
}

export interface Workload {
  readonly wishes: readonly Wish[];
  readonly accepted: number;
  /** Called with each accepted run. */
  onAccepted: (runId: string) => void;
  /** Begins nothing more; resolves when every wish has been answered. */
  stop(): Promise<void>;
}

export interface WorkloadOptions {
  readonly caller: Caller;
  readonly random: Random;
  /** Wishes under way at a time. */
  readonly clients: number;
  /** Between two wishes of one client, on average. */
  readonly pauseMs: number;
  readonly planOf: (random: Random) => Plan;
  /** Whether as much is under way as the machine can bear. */
  readonly isFull: () => boolean;
}

/** Clients that ask for runs, keyed ones until they are answered, unkeyed ones once. */
export function startWorkload(options: WorkloadOptions): Workload {
  const { caller, random, clients, pauseMs, planOf, isFull } = options;
  const wishes: Wish[] = [];
  const workload = { onAccepted: (_runId: string) => {}, stopped: false };
  const seed = Math.floor(random.next() * 1e9).toString(36);

  const client = async (own: Random): Promise<void> => {
    while (!workload.stopped) {
      if (isFull()) {
        await sleep(pauseMs);
        continue;
      }
      const token = `t${seed}-${wishes.length}`;
      const keyed = own.chance(0.8);
      const wish: Wish = { token, keyed, unsure: false };
      wishes.push(wish);
      const body = { goal: `Chaos ${token}`, plan: planOf(own), input: { token } };
      const answer = keyed
        ? await caller.insist('POST', '/v1/runs', body, token)
        : await caller.once('POST', '/v1/runs', body);
      settle(wish, answer);
      // The answer of the first one may have been lost on the way as well: the same wish once more.
      if (keyed && wish.runId !== undefined && own.chance(0.1)) {
        const again = await caller.insist('POST', '/v1/runs', body, token);
        const id = again && idIn(again.body);
        if (id !== undefined && id !== wish.runId) wish.otherRunId = id;
      }
      if (wish.runId !== undefined) workload.onAccepted(wish.runId);
      await sleep(pauseMs * 2 * own.next());
    }
  };
  const running = Promise.all(Array.from({ length: clients }, () => client(random.fork())));
  return {
    wishes,
    get accepted() {
      return wishes.filter(({ runId }) => runId !== undefined).length;
    },
    set onAccepted(next: (runId: string) => void) {
      workload.onAccepted = next;
    },
    async stop() {
      workload.stopped = true;
      await running;
    },
  };
}

function settle(wish: Wish, answer: Awaited<ReturnType<Caller['once']>>): void {
  const id = answer && answer.status < 300 ? idIn(answer.body) : undefined;
  if (id !== undefined) wish.runId = id;
  else if (!answer || answer.status >= 500) wish.unsure = true;
  else if (answer.status !== 429) wish.refused = JSON.stringify(answer);
}

function idIn(body: Readonly<Record<string, unknown>>): string | undefined {
  return typeof body['id'] === 'string' ? body['id'] : undefined;
}
