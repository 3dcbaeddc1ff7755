import { AosError } from '@aos/core';
import { createDatabase, health, readSchema, knownSchema, type Database } from '@aos/store';

import { checkApi } from './checks/api.ts';
import { checkCertificate } from './checks/certificates.ts';
import { checkClock } from './checks/clock.ts';
import { checkConfiguration } from './checks/configuration.ts';
import { checkDisk } from './checks/disk.ts';
import { checkDurability } from './checks/durability.ts';
import { checkSchema } from './checks/schema.ts';
import { checkServer } from './checks/server.ts';
import { checkTables } from './checks/tables.ts';
import { checkWorkers } from './checks/workers.ts';
import { fail, type Finding } from './finding.ts';

/** Where to look. */
export interface Installation {
  /** A login in the role `aos_reader`, or the owner's. */
  readonly databaseUrl: string;
  readonly apiUrl: string;
  /** The folder in which files of this machine's services are. */
  readonly home: string;
  /** What services started here would be told. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the program that asks. */
  readonly version: string;
}

/** Looks at everything, and tells each finding as it comes. What cannot be looked at is a finding too. */
export async function* examine(installation: Installation): AsyncGenerator<Finding> {
  const { databaseUrl, apiUrl, home, environment, version } = installation;
  const named = 'DATABASE_URL' in environment || 'DATABASE_URL_FILE' in environment;
  yield* checkConfiguration(named ? environment : { ...environment, DATABASE_URL: databaseUrl });
  yield* checkDisk(home);
  yield* await checkApi(apiUrl, version);
  yield* await checkCertificate('certificate of the API', apiUrl);
  yield* await checkCertificate('certificate of the database', databaseUrl);
  const database = createDatabase({
    url: databaseUrl,
    role: 'aos_reader',
    applicationName: 'aos-doctor',
    connectionsMax: 1,
  });
  try {
    yield* await ofDatabase(database, version);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cause = error instanceof AosError && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : reason;
    yield fail(
      'database',
      `The database cannot be read: ${why}.`,
      'Check that it runs, and that DATABASE_URL or --database is a login in the role aos_reader.',
    );
  } finally {
    await database.close();
  }
}

async function ofDatabase(database: Database, version: string): Promise<Finding[]> {
  // The first answer includes connecting.
  await database.query('select 1');
  const asked = Date.now();
  const state = await health.read(database);
  const answered = Date.now();
  return [
    ...checkServer(state),
    ...checkDurability(state),
    ...checkClock(state.now, asked, answered),
    ...checkSchema(await readSchema(database), knownSchema()),
    ...checkTables(state),
    ...checkWorkers(state, version),
  ];
}
