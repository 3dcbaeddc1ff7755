/** Floor 1: every SQL statement of AOS, and pg-boss. Knows nothing of plans, skills or HTTP. */
export { adopt, type Adoption } from './adopt.ts';
export { acceptIn, createAcceptor, type Accepted, type Acceptor } from './accept.ts';
export { acceptedView, type Acceptance } from './acceptance.ts';
export { beginOperation, type NewOperation } from './begin-operation.ts';
export { TRUE_UP_MAX, trueUp } from './bury.ts';
export { holds, letGo, take, type Claim, type OnStray } from './claims.ts';
export {
  createDatabase,
  db,
  isBusy,
  isPassing,
  type Database,
  type DatabaseRole,
  type Db,
} from './db.ts';
export { createFairShare, type FairShare, type PlaceOf } from './fair-share.ts';
export { createJournal, openJournal, type Journal, type Write } from './journal.ts';
export type { Entry } from './journal-entry.ts';
export { assertMigrated, migrate } from './migrate.ts';
export { openQueue, WORKER_CHANNEL, type Dispatch, type Job, type Queue } from './queue.ts';
export { readAlertGauges } from './alert-gauges.ts';
export { knownSchema, readSchema } from './schema-listing.ts';
export { readLogGauges } from './log-gauges.ts';
export { takeSurely } from './take-surely.ts';
export type { Time } from './time.ts';
export * as agents from './agents.ts';
export * as apiKeys from './api-keys.ts';
export * as approvals from './approvals.ts';
export * as artifacts from './artifacts.ts';
export * as backlog from './backlog.ts';
export * as cases from './cases.ts';
export { fetchNext, type Fetched } from './consumer-fetch.ts';
export * as consumers from './consumers.ts';
export * as deliveries from './deliveries.ts';
export * as deadLetters from './dead-letters.ts';
export * as drive from './drive-operation.ts';
export * as eventParts from './event-parts.ts';
export * as events from './events.ts';
export * as gauges from './gauges.ts';
export * as log from './log.ts';
export * as outbox from './outbox.ts';
export * as health from './health.ts';
export * as history from './history.ts';
export { lettersThatFail } from './history-letters.ts';
export * as historySets from './history-sets.ts';
export * as operations from './operations.ts';
export * as parked from './parked.ts';
export * as pauses from './pauses.ts';
export * as plans from './plans.ts';
export * as replicas from './replicas.ts';
export * as rest from './rest.ts';
export * as retention from './retention.ts';
export * as runPause from './run-pause.ts';
export * as runs from './runs.ts';
export * as selections from './selections.ts';
export * as skills from './skills.ts';
export * as steps from './steps.ts';
export * as tallies from './tallies.ts';
export * as targets from './targets.ts';
export * as tenants from './tenants.ts';
export * as webhooks from './webhooks.ts';
export * as workers from './workers.ts';
export * as workspace from './workspace.ts';
