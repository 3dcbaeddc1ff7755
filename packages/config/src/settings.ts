/**
 * Every setting AOS reads; README.md tells what each means, and a test compares the two. A secret one can
 * be given as `<name>_FILE` too.
 */
export const settings = {
  AOS_ENVIRONMENT: { secret: false },
  LOG_LEVEL: { secret: false },
  DATABASE_URL: { secret: true },
  AOS_API_DATABASE_URL: { secret: true },
  AOS_WORKER_DATABASE_URL: { secret: true },
  HOST: { secret: false },
  PORT: { secret: false },
  WORKER_PORT: { secret: false },
  WORKER_SLOTS: { secret: false },
  WORKER_GRACE_MS: { secret: false },
  WORKER_LAG_MAX_MS: { secret: false },
  WORKER_POOL_WAIT_MAX_MS: { secret: false },
  WORKER_MEMORY_MAX_MB: { secret: false },
  AOS_QUEUE_DEPTH_MAX: { secret: false },
  AOS_TENANT_QUEUE_DEPTH_MAX: { secret: false },
  AOS_QUEUE_AGE_MAX_S: { secret: false },
  AOS_DATABASE_LATENCY_MAX_MS: { secret: false },
  AOS_FAIL_AT: { secret: false },
  ANTHROPIC_API_KEY: { secret: true },
  ANTHROPIC_BASE_URL: { secret: false },
  AOS_MODEL: { secret: false },
  AOS_ALLOW_PRIVATE_HOSTS: { secret: false },
  AOS_CONNECT_TO: { secret: false },
  AOS_DEFAULT_SCHEME: { secret: false },
  AOS_QUERY_CONNECTIONS: { secret: true },
  OTEL_EXPORTER_OTLP_ENDPOINT: { secret: false },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { secret: false },
  OTEL_EXPORTER_OTLP_PROTOCOL: { secret: false },
  OTEL_EXPORTER_OTLP_HEADERS: { secret: true },
  OTEL_TRACES_SAMPLER: { secret: false },
  OTEL_TRACES_SAMPLER_ARG: { secret: false },
  OTEL_SERVICE_NAME: { secret: false },
  OTEL_RESOURCE_ATTRIBUTES: { secret: false },
  OTEL_SDK_DISABLED: { secret: false },
  AOS_RUN_DAYS: { secret: false },
  AOS_LOG_DAYS: { secret: false },
  AOS_LOG_HOLD_DAYS: { secret: false },
  AOS_HOME: { secret: false },
  WORKERS: { secret: false },
  AOS_URL: { secret: false },
  AOS_API_KEY: { secret: true },
  ALERTMANAGER_URL: { secret: false },
  AOS_RUNBOOK_BASE_URL: { secret: false },
  AOS_TEST_DATABASE_URL: { secret: false },
  AOS_TEST_DATABASE_URL_15: { secret: false },
} as const;

export type SettingName = keyof typeof settings;

export function isSecret(name: SettingName): boolean {
  return settings[name].secret;
}

/** Names that begin like ours but are none: usually a typing error that would else go unnoticed. */
export function unknownNames(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('AOS_') && !isKnown(name))
    .toSorted();
}

function isKnown(name: string): boolean {
  if (Object.hasOwn(settings, name)) return true;
  const base = name.replace(/_FILE$/, '');
  return Object.hasOwn(settings, base) && isSecret(base as SettingName);
}
