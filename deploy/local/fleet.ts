import { AosError } from '@aos/core';

import type { Service } from './service.ts';

export interface FleetOptions {
  /** Starts one more, resolves when it is ready. `onGivenUp`: it died too often, and is gone. */
  readonly start: (name: string, onGivenUp: (reason: AosError) => void) => Promise<Service>;
  /** How long one that is to end may take for what it has in hand. */
  readonly graceMs: number;
  readonly say: (line: string) => void;
  readonly now?: () => number;
}

/** Workers of this machine: as many as asked for, started in parallel, drained before they end. */
export interface Fleet {
  /** Ready, or being started. */
  readonly size: number;
  readonly ready: number;
  /** Ends the newest first. Does not wait: who is drained may take long, and others start meanwhile. */
  resize(workers: number): void;
  /** Drains all, and waits for it. */
  stop(): Promise<void>;
  killNow(): void;
}

/** After one that could not be started, or kept dying, the next waits; twice as long each time. */
const BACKOFF_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
const FORGIVEN_AFTER_MS = 300_000;

export function createFleet(options: FleetOptions): Fleet {
  const { start, graceMs, say, now = Date.now } = options;
  const members = new Map<string, Service | 'starting'>();
  const ending = new Set<Promise<void>>();
  const all = new Set<Service>();
  let named = 0;
  let failures = 0;
  let failedAt = 0;
  let notBefore = 0;
  let stopped = false;

  const failed = (reason: unknown): void => {
    if (now() - failedAt > FORGIVEN_AFTER_MS) failures = 0;
    failedAt = now();
    const waitMs = Math.min(BACKOFF_MS * 2 ** failures++, BACKOFF_MAX_MS);
    notBefore = now() + waitMs;
    const sentence = reason instanceof Error ? reason.message : String(reason);
    say(
      `${sentence}\nThe next worker is started in ${Math.round(waitMs / 1000)} s at the earliest.`,
    );
  };
  const leave = (service: Service): void => {
    const gone = service
      .stop(graceMs)
      .catch((error: unknown) => say(String(error)))
      .finally(() => {
        ending.delete(gone);
        all.delete(service);
      });
    ending.add(gone);
  };
  const add = (): void => {
    const name = `worker-${++named}`;
    members.set(name, 'starting');
    const starting = start(name, (reason) => {
      const service = members.get(name);
      members.delete(name);
      if (service && service !== 'starting') leave(service);
      failed(reason);
    })
      .then(
        (service) => {
          all.add(service);
          // It was not wanted any more before it was ready.
          if (members.has(name) && !stopped) members.set(name, service);
          else leave(service);
        },
        (error: unknown) => {
          members.delete(name);
          if (!stopped) failed(error);
        },
      )
      .finally(() => ending.delete(starting));
    ending.add(starting);
  };
  const remove = (): void => {
    const [name, service] = [...members].at(-1) ?? [];
    if (name === undefined || service === undefined) return;
    members.delete(name);
    if (service !== 'starting') leave(service);
  };

  return {
    get size() {
      return members.size;
    },
    get ready() {
      return [...members.values()].filter((member) => member !== 'starting').length;
    },
    resize(workers) {
      if (stopped) return;
      while (members.size > workers) remove();
      while (members.size < workers && now() >= notBefore) add();
    },
    async stop() {
      stopped = true;
      while (members.size > 0) remove();
      // Who is still being started ends as soon as it is.
      while (ending.size > 0) await Promise.all(ending);
    },
    killNow() {
      stopped = true;
      for (const service of all) service.killNow();
    },
  };
}
