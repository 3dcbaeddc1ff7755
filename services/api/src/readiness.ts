import { AosError } from '@aos/core';
import type { Db } from '@aos/store';

/** A probe gets its answer within this time, whatever the database does. */
const ANSWER_MS = 1_500;

export interface Readiness {
  /** Throws `not_ready` or `database_unavailable` with the reason. */
  check(): Promise<void>;
  /** From now on it is not ready: the service stops. */
  drain(): void;
}

export function createReadiness(db: Db): Readiness {
  let draining = false;
  let asking: Promise<unknown> | undefined;
  return {
    async check() {
      if (draining) throw new AosError('not_ready', 'The service is stopping.');
      // Many probes share one question, so that a database that hangs is not asked again and again.
      asking ??= db.query('select 1').finally(() => (asking = undefined));
      await within(ANSWER_MS, asking);
    },
    drain() {
      draining = true;
    },
  };
}

async function within(ms: number, asking: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AosError('database_unavailable', `The database did not answer in ${ms} ms.`));
    }, ms);
  });
  try {
    await Promise.race([asking, late]);
  } finally {
    clearTimeout(timer);
  }
}
