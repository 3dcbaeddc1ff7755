type Variables = Readonly<Record<string, string | undefined>>;

/** What every program needs of the machine. */
const MACHINE = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SYSTEMROOT',
];

/** The settings of a service that the user may give; see packages/config/README.md. */
const SETTINGS = [
  'AOS_ENVIRONMENT',
  'LOG_LEVEL',
  'HOST',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_API_KEY_FILE',
  'ANTHROPIC_BASE_URL',
  'AOS_MODEL',
  'AOS_DEFAULT_SCHEME',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_HEADERS_FILE',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_SDK_DISABLED',
];

const WORKER_SETTINGS = [
  'WORKER_SLOTS',
  'WORKER_GRACE_MS',
  'AOS_FAIL_AT',
  'AOS_ALLOW_PRIVATE_HOSTS',
  'AOS_CONNECT_TO',
  'AOS_QUERY_CONNECTIONS',
  'AOS_QUERY_CONNECTIONS_FILE',
];

/** The environment of a service, built from nothing: what is not named here does not reach it. */
export function serviceEnvironment(
  service: 'api' | 'worker',
  given: Variables,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = [...MACHINE, ...SETTINGS, ...(service === 'worker' ? WORKER_SETTINGS : [])];
  const env: Record<string, string> = {};
  for (const name of names) {
    const value = given[name];
    if (value !== undefined && value !== '') env[name] = value;
  }
  return { ...env, ...own };
}
