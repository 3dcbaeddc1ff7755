import { freeze } from './freeze.ts';
import { createReader, type EnvironmentVariables } from './reader.ts';
import { postgresUrl } from './rules.ts';

/** What the program that prepares a database for the services is told. Frozen. */
export interface PrepareConfig {
  /** As the owner of the database. */
  readonly databaseUrl: string;
  /** With what the services will connect: logins that are made, or get this password. */
  readonly apiUrl?: string;
  readonly workerUrl?: string;
  readonly warnings: readonly string[];
}

/** Reads and checks what a database is prepared with; one error names all that is wrong. */
export function loadPrepareConfig(environment: EnvironmentVariables): PrepareConfig {
  const read = createReader(environment);
  const apiUrl = read.optional('AOS_API_DATABASE_URL', postgresUrl);
  const workerUrl = read.optional('AOS_WORKER_DATABASE_URL', postgresUrl);
  const config: PrepareConfig = {
    databaseUrl: read.required('DATABASE_URL', postgresUrl),
    ...(apiUrl && { apiUrl }),
    ...(workerUrl && { workerUrl }),
    warnings: read.warnings,
  };
  read.assertValid();
  return freeze(config);
}
