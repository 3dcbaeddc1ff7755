import type { AosError } from '@aos/core';

import type { Service } from './service.ts';
import { createStartBackoff } from './start-backoff.ts';

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

export function createFleet(options: FleetOptions): Fleet {
  const { start, say, now = Date.now } = options;
  const backoff = createStartBackoff(now);
  const members = new Map<string, Service | 'starting'>();
  const drains = createDrains(options);
  let named = 0;
  let stopped = false;

  const failed = (reason: unknown): void => {
    const waitS = Math.round(backoff.failed() / 1000);
    say(`${sentenceOf(reason)}\nThe next worker is started in ${waitS} s at the earliest.`);
  };
  const givenUp = (name: string, reason: unknown): void => {
    const service = members.get(name);
    members.delete(name);
    if (service && service !== 'starting') drains.drain(service);
    if (!stopped) failed(reason);
  };
  const add = (): void => {
    const name = `worker-${++named}`;
    members.set(name, 'starting');
    const starting = start(name, (reason) => givenUp(name, reason)).then(
      (service) => {
        // It may not be wanted any more.
        if (!members.has(name) || stopped) return drains.drain(service);
        members.set(name, service);
        say(`The ${name} is ready.`);
      },
      (error: unknown) => givenUp(name, error),
    );
    drains.await(starting);
  };
  const remove = (): void => {
    const [name, service] = [...members].at(-1) ?? [];
    if (name === undefined || service === undefined) return;
    members.delete(name);
    if (service !== 'starting') drains.drain(service);
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
      while (members.size < workers && backoff.isOver()) add();
    },
    async stop() {
      stopped = true;
      while (members.size > 0) remove();
      await drains.over();
    },
    killNow() {
      stopped = true;
      drains.killNow();
      for (const member of members.values()) if (member !== 'starting') member.killNow();
    },
  };
}

/** Those that end, and those that are waited for before all is over. */
function createDrains({ graceMs, say }: FleetOptions) {
  const pending = new Set<Promise<void>>();
  const draining = new Set<Service>();
  const wait = (what: Promise<void>): void => {
    const done = what.finally(() => pending.delete(done));
    pending.add(done);
  };
  return {
    await: wait,
    drain(service: Service): void {
      draining.add(service);
      wait(
        service
          .stop(graceMs)
          .catch((error: unknown) => say(String(error)))
          .finally(() => draining.delete(service)),
      );
    },
    async over(): Promise<void> {
      // Who is still being started ends as soon as it is.
      while (pending.size > 0) await Promise.all(pending);
    },
    killNow(): void {
      for (const service of draining) service.killNow();
    },
  };
}

function sentenceOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
