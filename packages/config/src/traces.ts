import type { Reader } from './reader.ts';
import { anyText, fraction, httpUrl, oneOf, pairs } from './rules.ts';

const protocols = ['http/protobuf', 'http/json'] as const;
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where spans go, and which. The settings are OpenTelemetry's own, as far as AOS has a use for them. */
export interface TracesConfig {
  /** With its path. */
  readonly url: string;
  readonly protocol: (typeof protocols)[number];
  readonly headers: Readonly<Record<string, string>>;
  readonly sampler: (typeof samplers)[number];
  readonly ratio: number;
  readonly serviceName?: string;
  readonly resource: Readonly<Record<string, string>>;
}

/** Undefined: no traces. All settings are checked all the same. */
export function tracesOf(read: Reader): TracesConfig | undefined {
  const disabled = read.withDefault('OTEL_SDK_DISABLED', oneOf(['true', 'false']), 'false');
  const base = read.optional('OTEL_EXPORTER_OTLP_ENDPOINT', httpUrl);
  const exact = read.optional('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', httpUrl);
  const serviceName = read.optional('OTEL_SERVICE_NAME', anyText);
  const config = {
    protocol: read.withDefault('OTEL_EXPORTER_OTLP_PROTOCOL', oneOf(protocols), 'http/protobuf'),
    headers: read.withDefault('OTEL_EXPORTER_OTLP_HEADERS', pairs, {}),
    sampler: read.withDefault('OTEL_TRACES_SAMPLER', oneOf(samplers), 'parentbased_always_on'),
    ratio: read.withDefault('OTEL_TRACES_SAMPLER_ARG', fraction, 1),
    resource: read.withDefault('OTEL_RESOURCE_ATTRIBUTES', pairs, {}),
    ...(serviceName && { serviceName }),
  };
  const url = exact ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  return url && disabled === 'false' ? { url, ...config } : undefined;
}
