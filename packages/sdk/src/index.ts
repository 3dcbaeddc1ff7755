/** Floor 1: the AOS API for TypeScript programs: its resources and a client. Knows HTTP, no SQL. */
export { ApiError } from './api-error.ts';
export {
  createClient,
  type ArtifactContent,
  type Client,
  type CreateOptions,
  type RunFilter,
} from './client.ts';
export type { EventStreamOptions } from './event-stream.ts';
export type { LogClient } from './log-client.ts';
export type { BeginOptions, CaseFilter, DeadLetterFilter, RepairClient, Wish } from './repair.ts';
export type { ClientOptions } from './request.ts';
export * from './resources.ts';
