import type { AgentDefinition, PlannerName } from '@aos/core';
import type { PlannerAnswer, PlanRequest } from '@aos/planner';
import type { Acceptor, Database, Queue } from '@aos/store';
import type { Logger, Metrics, Tracing } from '@aos/telemetry';

import type { AdmissionLimits } from './admission-rules.ts';
import type { Admission } from './admission.ts';
import type { Authenticator } from './authenticate.ts';
import type { Catalogs } from './catalogs.ts';
import type { EventWatch } from './event-watch.ts';
import type { Readiness } from './readiness.ts';
import type { ScaleSignal } from './scale-signal.ts';

/** What is told to the API from outside; `main.ts` and tests fill it. */
export interface ApiSettings {
  readonly version: string;
  readonly environment: string;
  /** A key of a language model is there, so `claude` can plan. */
  readonly modelConfigured: boolean;
  /** From where on new runs are refused. */
  readonly admission: AdmissionLimits;
  /** Agents every tenant has from the start; the first one is used when a request names none. */
  readonly agents: readonly AgentDefinition[];
  readonly plan: (
    planner: PlannerName,
    request: PlanRequest,
    signal: AbortSignal,
  ) => Promise<PlannerAnswer>;
  /** Requests a key may make in a second, on average over ten. */
  readonly requestsPerSecond?: number;
}

/** The parts that handlers work with. */
export interface Services {
  readonly settings: ApiSettings;
  readonly database: Database;
  readonly queue: Queue;
  readonly acceptor: Acceptor;
  readonly admission: Admission;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** There only while traces are exported. */
  readonly tracing?: Tracing;
  readonly authenticator: Authenticator;
  readonly catalogs: Catalogs;
  readonly watch: EventWatch;
  readonly readiness: Readiness;
  readonly scale: ScaleSignal;
  /** Aborted when the service stops: streams and long waits end. */
  readonly stopping: AbortSignal;
}
