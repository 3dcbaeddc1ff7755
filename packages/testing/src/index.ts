/** Beside the floors: what tests need. Never imported by production code. */
export * from './database.ts';
