/** Beside the floors: what tests need. Never imported by production code. */
export * from './database.ts';
export * from './anthropic-reply.ts';
export * from './anthropic-request.ts';
export * from './anthropic-server.ts';
export * from './mail-server.ts';
export * from './otlp-server.ts';
export * from './page-server.ts';
export * from './slack-server.ts';
export * from './builders.ts';
export { runStoreCases } from './run-store/conformance.ts';
export type { RunFacts, RunRequest, RunStore, StoreClaim, StoreWorker } from './run-store/port.ts';
