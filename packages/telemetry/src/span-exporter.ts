import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  createOtlpHttpExportDelegate,
  httpAgentFactoryFromOptions,
} from '@opentelemetry/otlp-exporter-base/node-http';
import {
  JsonTraceSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

import type { Logger } from './logger.ts';
import { redactText } from './redact.ts';
import type { TracingSettings } from './tracing.ts';

const SENDINGS_MAX = 4;

const encodings = {
  'http/protobuf': { serializer: ProtobufTraceSerializer, mediaType: 'application/x-protobuf' },
  'http/json': { serializer: JsonTraceSerializer, mediaType: 'application/json' },
} as const;

/**
 * Sends spans by OTLP over HTTP, without anything that looks like a secret. That nobody takes them is told
 * once, and when it works again.
 */
export function createSpanExporter(
  { url, protocol, headers }: TracingSettings,
  log: Logger,
  timeoutMs: number,
): SpanExporter {
  const { serializer, mediaType } = encodings[protocol];
  const otlp = new OTLPExporterBase<ReadableSpan[]>(
    createOtlpHttpExportDelegate(
      {
        url,
        headers: async () => ({ ...headers, 'Content-Type': mediaType }),
        timeoutMillis: timeoutMs,
        concurrencyLimit: SENDINGS_MAX,
        compression: 'none',
        agentFactory: httpAgentFactoryFromOptions({ keepAlive: true }),
      },
      serializer,
      'otlp_http_span_exporter',
      TraceExporterMetricsHelper,
      undefined,
    ),
  );
  let lost = 0;
  return {
    export(spans, done) {
      otlp.export(spans.map(redacted), (result) => {
        if (result.error) {
          if (lost === 0) log.warn('traces.lost', { error: result.error.message });
          lost += spans.length;
        } else if (lost > 0) {
          log.info('traces.sent_again', { lost });
          lost = 0;
        }
        done(result);
      });
    },
    forceFlush: () => otlp.forceFlush(),
    shutdown: () => otlp.shutdown(),
  };
}

/** Libraries write texts of errors into statuses and events, and a host may repeat in them what it was sent. */
function redacted(span: ReadableSpan): ReadableSpan {
  return {
    name: redactText(span.name),
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: { code: span.status.code },
    attributes: clean(span.attributes),
    links: span.links,
    events: [],
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount + span.events.length,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function clean(attributes: ReadableSpan['attributes']): ReadableSpan['attributes'] {
  const entries = Object.entries(attributes).map(([name, value]) => [name, cleanValue(value)]);
  return Object.fromEntries(entries) as ReadableSpan['attributes'];
}

function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  return Array.isArray(value) ? value.map(cleanValue) : value;
}
