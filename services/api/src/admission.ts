import { AosError } from '@aos/core';
import type { Acceptor, Database, PlaceOf } from '@aos/store';
import type { Metrics } from '@aos/telemetry';

import { startAdmissionReadings } from './admission-readings.ts';
import { refusalOf, type AdmissionLimits, type Refusal } from './admission-rules.ts';
import type { Standing } from './queue-accounts.ts';

/** Decides whether new runs are taken, before anything of them is written, and where they queue. */
export interface Admission {
  /**
   * Lets a new run in, or throws `tenant_queue_full` or `overloaded` with the time to come back. Asks
   * nobody: it decides by the last reading and by what this replica has let in since.
   */
  enter(tenant: string, priority: number): Ticket;
  /** The place of a new run among those of all tenants. */
  readonly placeOf: PlaceOf;
  readonly standingOf: (tenant: string) => Standing;
  stop(): void;
}

/** A run on its way into the database; disposing of it says that it arrived, or will not. */
export interface Ticket extends Disposable {
  store(accept: () => ReturnType<Acceptor['accept']>): ReturnType<Acceptor['accept']>;
  /** Somebody else has stored it. */
  arrived(): void;
}

export function createAdmission(
  database: Database,
  limits: AdmissionLimits,
  metrics: Metrics,
  onError: (error: unknown) => void,
): Admission {
  // One more than the limit tells that it is reached.
  const countedMax = limits.queueDepthMax + 1;
  const readings = startAdmissionReadings(database, countedMax, metrics, onError);
  const { accounts, strain, returning } = readings;
  return {
    enter(tenant, priority) {
      const refused = refusalOf(readings.factsFor(tenant), limits, priority);
      if (refused) {
        metrics.admissionRefusals.inc({ reason: refused.reason });
        returning.add(refused.reason === 'tenant_depth' ? tenant : undefined);
        throw errorOf(refused);
      }
      accounts.open(tenant);
      let created = false;
      return {
        async store(accept) {
          const begun = performance.now();
          const accepted = await accept();
          strain.stored(performance.now() - begun);
          created = accepted.createdAt !== undefined;
          return accepted;
        },
        arrived() {
          created = true;
        },
        [Symbol.dispose]: () => accounts.settle(tenant, created),
      };
    },
    placeOf: readings.placeOf,
    standingOf: accounts.standingOf,
    stop: readings.stop,
  };
}

function errorOf({ reason, detail, retryAfterS }: Refusal): AosError {
  const code = reason === 'tenant_depth' ? 'tenant_queue_full' : 'overloaded';
  return new AosError(code, detail, { retryAfterMs: retryAfterS * 1000 });
}
