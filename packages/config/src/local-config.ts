import { loadConfig, type Environment } from './config.ts';
import { freeze } from './freeze.ts';
import { createReader, type EnvironmentVariables } from './reader.ts';
import { anyText, hostList, postgresUrl, wholeNumber } from './rules.ts';

/** What the program behind `npm start` is told. Frozen. */
export interface LocalConfig {
  /** As given; relative to the folder the program was started for. */
  readonly home: string;
  readonly environment: Environment;
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  /** Set: no embedded database is started. */
  readonly databaseUrl?: string;
  readonly allowPrivateHosts: readonly string[];
  readonly hasModel: boolean;
  readonly hasQueryConnections: boolean;
  readonly warnings: readonly string[];
}

/**
 * Checks the settings of the launcher, and those it hands on to the services, so that a wrong one is told
 * before anything is started.
 */
export function loadLocalConfig(environment: EnvironmentVariables): LocalConfig {
  const given = environment['DATABASE_URL'] || environment['DATABASE_URL_FILE'];
  const services = loadConfig(
    given ? environment : { ...environment, DATABASE_URL: 'postgres://to-be-made' },
  );
  const read = createReader(environment);
  const databaseUrl = read.optional('DATABASE_URL', postgresUrl);
  const config: LocalConfig = {
    home: read.withDefault('AOS_HOME', anyText, '.aos'),
    environment: services.environment,
    host: services.api.host,
    port: services.api.port,
    workers: read.withDefault('WORKERS', wholeNumber(0, 64), 2),
    ...(databaseUrl && { databaseUrl }),
    allowPrivateHosts: read.withDefault('AOS_ALLOW_PRIVATE_HOSTS', hostList, []),
    hasModel: services.model.apiKey !== undefined,
    hasQueryConnections: Object.keys(services.queryConnections).length > 0,
    warnings: services.warnings,
  };
  read.assertValid();
  return freeze(config);
}
