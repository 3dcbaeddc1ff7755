import { createBell } from '@aos/engine';
import { backlog, createFairShare, rest, type Database, type Queue } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { clock } from './clock.ts';

/** Sends on what rested and is paused no more. */
export interface Releaser {
  /** A pause may have ended: look now, and for some seconds. */
  stir(): void;
  stop(): Promise<void>;
}

/** At most 1,000 runs a second in all, so that the end of a pause is no stampede. */
const BATCH_MAX = 250;
const BATCH_EVERY_MS = 250;
/** Runs that heard late of a pause go to rest when it is over already. */
const STIRRED_MS = 3_000;
const BACKSTOP_EVERY_MS = 10_000;

export function startReleaser(
  database: Database,
  queue: Queue,
  workerUuid: string,
  { log, metrics }: Telemetry,
): Releaser {
  const fairShare = createFairShare();
  const bell = createBell(clock);
  const stop = new AbortController();
  let stirredUntil = 0;

  const release = async (): Promise<number> => {
    fairShare.seeHead((await backlog.head(database)).head);
    const released = await rest.release(database, queue, workerUuid, BATCH_MAX, fairShare.placeOf);
    if (released > 0) {
      metrics.releasedRuns.inc({}, released);
      log.info('runs.released_from_rest', { runs: released });
    }
    return released;
  };

  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      bell.hush();
      // The database may be away; whatever is missed is seen at the next look.
      const released = await release().catch((error: unknown) => {
        log.debug('releaser.failed', { error: String(error) });
        return 0;
      });
      const soon = released > 0 || performance.now() < stirredUntil;
      await bell.sleep(soon ? BATCH_EVERY_MS : BACKSTOP_EVERY_MS);
    }
  };

  const done = loop();
  return {
    stir() {
      stirredUntil = performance.now() + STIRRED_MS;
      bell.ring();
    },
    async stop() {
      stop.abort();
      bell.ring();
      await done;
    },
  };
}
