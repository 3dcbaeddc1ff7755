import type { JsonSchema } from '@aos/core';

import { freeze } from './freeze.ts';
import { createReader, type EnvironmentVariables, type Reader } from './reader.ts';
import {
  anyText,
  hostList,
  hostMap,
  httpUrl,
  json,
  oneOf,
  postgresUrl,
  wholeNumber,
} from './rules.ts';
import { tracesOf, type TracesConfig } from './traces.ts';

export const environments = ['development', 'staging', 'production'] as const;
export type Environment = (typeof environments)[number];

/** A database that `postgres_query` may read. Without `tenants` every tenant may. */
export interface QueryConnection {
  readonly url: string;
  readonly tenants?: readonly string[];
}

/** Everything a service is told from outside. Frozen. */
export interface Config {
  readonly environment: Environment;
  /** The folder of a local installation, when this is one. */
  readonly home?: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly database: { readonly url: string };
  readonly api: { readonly host: string; readonly port: number };
  /** From where on new runs are refused. */
  readonly admission: {
    readonly queueDepthMax: number;
    readonly tenantQueueDepthMax: number;
    readonly queueAgeMaxS: number;
    readonly databaseLatencyMaxMs: number;
  };
  readonly worker: {
    readonly host: string;
    readonly port: number;
    readonly slots: number;
    readonly graceMs: number;
    /** From where on it takes no more runs. */
    readonly gate: {
      readonly lagMaxMs: number;
      readonly poolWaitMaxMs: number;
      readonly memoryMaxMb: number;
    };
    readonly failAt?: string;
  };
  readonly model: { readonly apiKey?: string; readonly baseUrl?: string; readonly name?: string };
  readonly egress: {
    readonly allowPrivateHosts: readonly string[];
    readonly connectTo: Readonly<Record<string, string>>;
  };
  readonly planner: { readonly defaultScheme: 'https' | 'http' };
  /** In days; 0 keeps for ever. */
  readonly retention: {
    readonly runDays: number;
    readonly logDays: number;
    readonly holdDays: number;
  };
  readonly queryConnections: Readonly<Record<string, QueryConnection>>;
  /** Undefined: none are made. */
  readonly traces?: TracesConfig;
  /** Sentences for the log: names that look like settings but are none. */
  readonly warnings: readonly string[];
}

const connectionsSchema = {
  type: 'object',
  maxProperties: 100,
  propertyNames: { pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' },
  additionalProperties: {
    type: 'object',
    required: ['url'],
    additionalProperties: false,
    properties: {
      url: { type: 'string', pattern: '^postgres(ql)?://.' },
      tenants: { type: 'array', items: { type: 'string' }, uniqueItems: true, maxItems: 1000 },
    },
  },
} as const satisfies JsonSchema;

/** Reads and checks every setting of a service at once; one error names all that is wrong. */
export function loadConfig(environmentVariables: EnvironmentVariables): Config {
  const read = createReader(environmentVariables);
  const environment = read.withDefault('AOS_ENVIRONMENT', oneOf(environments), 'development');
  const host = read.withDefault('HOST', anyText, '127.0.0.1');
  const failAt = read.optional('AOS_FAIL_AT', anyText);
  if (failAt && environment === 'production') read.refuse('AOS_FAIL_AT is refused in production');
  const apiKey = read.optional('ANTHROPIC_API_KEY', anyText);
  const baseUrl = read.optional('ANTHROPIC_BASE_URL', httpUrl);
  const name = read.optional('AOS_MODEL', anyText);
  const home = read.optional('AOS_HOME', anyText);

  const traces = tracesOf(read);

  const config: Config = {
    environment,
    ...(home && { home }),
    logLevel: read.withDefault('LOG_LEVEL', oneOf(['error', 'warn', 'info', 'debug']), 'info'),
    database: { url: read.required('DATABASE_URL', postgresUrl) },
    api: { host, port: read.withDefault('PORT', wholeNumber(0, 65_535), 8080) },
    admission: admissionOf(read),
    worker: {
      host,
      port: read.withDefault('WORKER_PORT', wholeNumber(0, 65_535), 0),
      slots: read.withDefault('WORKER_SLOTS', wholeNumber(1, 1000), 200),
      graceMs: read.withDefault('WORKER_GRACE_MS', wholeNumber(0, 600_000), 10_000),
      gate: gateOf(read),
      ...(failAt && { failAt }),
    },
    model: { ...(apiKey && { apiKey }), ...(baseUrl && { baseUrl }), ...(name && { name }) },
    egress: {
      allowPrivateHosts: read.withDefault('AOS_ALLOW_PRIVATE_HOSTS', hostList, []),
      connectTo: read.withDefault('AOS_CONNECT_TO', hostMap, {}),
    },
    planner: {
      defaultScheme: read.withDefault('AOS_DEFAULT_SCHEME', oneOf(['https', 'http']), 'https'),
    },
    retention: {
      runDays: read.withDefault('AOS_RUN_DAYS', wholeNumber(0, 3650), 90),
      logDays: read.withDefault('AOS_LOG_DAYS', wholeNumber(0, 3650), 90),
      holdDays: read.withDefault('AOS_LOG_HOLD_DAYS', wholeNumber(0, 3650), 30),
    },
    queryConnections: read.withDefault(
      'AOS_QUERY_CONNECTIONS',
      json<Record<string, QueryConnection>>(connectionsSchema),
      {},
    ),
    ...(traces && { traces }),
    warnings: read.warnings,
  };
  read.assertValid();
  return freeze(config);
}

function admissionOf(read: Reader): Config['admission'] {
  return {
    queueDepthMax: read.withDefault('AOS_QUEUE_DEPTH_MAX', wholeNumber(1, 100_000_000), 1_000_000),
    tenantQueueDepthMax: read.withDefault(
      'AOS_TENANT_QUEUE_DEPTH_MAX',
      wholeNumber(1, 100_000_000),
      200_000,
    ),
    queueAgeMaxS: read.withDefault('AOS_QUEUE_AGE_MAX_S', wholeNumber(1, 31_536_000), 14_400),
    databaseLatencyMaxMs: read.withDefault(
      'AOS_DATABASE_LATENCY_MAX_MS',
      wholeNumber(1, 60_000),
      4_000,
    ),
  };
}

function gateOf(read: Reader): Config['worker']['gate'] {
  return {
    lagMaxMs: read.withDefault('WORKER_LAG_MAX_MS', wholeNumber(10, 60_000), 1_000),
    poolWaitMaxMs: read.withDefault('WORKER_POOL_WAIT_MAX_MS', wholeNumber(10, 60_000), 1_000),
    memoryMaxMb: read.withDefault('WORKER_MEMORY_MAX_MB', wholeNumber(64, 1_048_576), 1_536),
  };
}
