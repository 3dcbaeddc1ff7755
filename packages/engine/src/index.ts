/** Floor 1: advances one run until it finishes or waits. Knows no HTTP, no model, no SQL: only its ports. */
export { advanceRun } from './advance-run.ts';
export { idempotencyKeyOf } from './idempotency-key.ts';
export {
  failpoints,
  type Clock,
  type Control,
  type Ending,
  type Failpoint,
  type NewPlan,
  type Ports,
  type Skills,
} from './ports.ts';
export { createDatabaseClock } from './worker/database-clock.ts';
export { createBell, type Bell } from './worker/bell.ts';
export { work, type WorkSignals } from './worker/work.ts';
export type {
  Ears,
  Held,
  LeaseTimes,
  Life,
  Link,
  News,
  PoolView,
  Renewal,
  Timekeeper,
  WorkerPorts,
} from './worker/worker-ports.ts';
export { alwaysClear, type Leave, type Outage, type Targets } from './targets.ts';
