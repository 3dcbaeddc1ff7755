import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from '@aos/sdk';

import type { Fleet } from './fleet.ts';
import type { Random } from './random.ts';

/** People who watch runs by their event streams, and go on where a stream broke. */
export interface Readers {
  watch(runId: string): void;
  readonly watched: number;
  /** How often a stream was taken up again where it broke. */
  readonly resumed: number;
  /** Sentences about what was missing, twice or out of order. */
  readonly faults: readonly string[];
  /** Resolves when every stream has ended; gives those that did not in time. */
  done(limitMs: number): Promise<string[]>;
}

const PAUSE_MS = 200;

export function createReaders(fleet: Fleet, apiKey: string, random: Random): Readers {
  const open = new Map<string, Promise<void>>();
  const faults: string[] = [];
  const counts = { watched: 0, resumed: 0 };
  const stop = new AbortController();

  const watch = async (runId: string): Promise<void> => {
    let last = -1;
    let ended = false;
    const counted = fetchCounting(() => counts.resumed++);
    while (!ended && !stop.signal.aborted) {
      const urls = fleet.urls();
      if (urls.length > 0) {
        const client = createClient({ url: random.pick(urls), apiKey, fetch: counted });
        try {
          for await (const { seq, type } of client.runs.events(runId, {
            after: last,
            signal: stop.signal,
          })) {
            if (seq !== last + 1) faults.push(`${runId}: ${seq} came after ${last}.`);
            if (ended) faults.push(`${runId}: ${type} came after the end.`);
            last = seq;
            ended ||= type === 'run.finished';
          }
        } catch {
          // At another API.
        }
      }
      await sleep(PAUSE_MS);
    }
  };
  return {
    watch(runId) {
      counts.watched++;
      open.set(
        runId,
        watch(runId).finally(() => open.delete(runId)),
      );
    },
    get watched() {
      return counts.watched;
    },
    get resumed() {
      return counts.resumed;
    },
    faults,
    async done(limitMs) {
      const late = setTimeout(() => stop.abort(), limitMs);
      const all = [...open];
      const missing = new Set(all.map(([runId]) => runId));
      await Promise.all(
        all.map(async ([runId, reading]) => {
          await reading;
          if (!stop.signal.aborted) missing.delete(runId);
        }),
      );
      clearTimeout(late);
      return [...missing];
    },
  };
}

/** Tells of every request but the first. */
function fetchCounting(again: () => void): typeof fetch {
  let requests = 0;
  return (...request) => {
    if (requests++ > 0) again();
    return fetch(...request);
  };
}
