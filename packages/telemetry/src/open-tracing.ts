import { hostname } from 'node:os';

import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  SamplingDecision,
  TracerProvider,
  type IdGenerator,
} from '@opentelemetry/sdk-trace';
import type { TraceContext } from '@aos/core';

import { createSampler } from './sampler.ts';
import { createSpanExporter } from './span-exporter.ts';
import type {
  OpenSpan,
  PastSpan,
  SpanSpec,
  TracedService,
  Tracing,
  TracingSettings,
} from './tracing.ts';

/** A process that dies takes along what it has not sent. */
const SEND_EVERY_MS = 1_000;
/** What waits to be sent while nobody takes it; beyond it spans are dropped, and nothing else happens. */
const SPANS_WAITING_MAX = 8_192;
const SPANS_SENT_MAX = 1_024;
const EXPORT_TIMEOUT_MS = 10_000;
const CLOSE_MS = 2_000;
const ATTRIBUTE_CHARS_MAX = 1_000;
const ATTRIBUTES_MAX = 64;

/** OpenTelemetry for this process, from here on also for the libraries in it that know how to be traced. */
export function openTracing(settings: TracingSettings, service: TracedService): Tracing {
  const ids = createIds();
  const sampler = createSampler(settings.sampler, settings.ratio);
  const exporter = createSpanExporter(settings, service.log, EXPORT_TIMEOUT_MS);
  const provider = new TracerProvider({
    sampler,
    idGenerator: ids,
    resource: resourceFromAttributes(resourceOf(settings, service)),
    spanLimits: {
      attributeValueLengthLimit: ATTRIBUTE_CHARS_MAX,
      attributeCountLimit: ATTRIBUTES_MAX,
    },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: SEND_EVERY_MS,
        maxQueueSize: SPANS_WAITING_MAX,
        maxExportBatchSize: SPANS_SENT_MAX,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  const tracer = provider.getTracer('aos', service.version);

  const begin = ({ name, kind, parent, attributes }: SpanSpec): Span =>
    tracer.startSpan(name, { ...kindOf(kind), ...(attributes && { attributes }) }, below(parent));

  return {
    begin: (spec) => toOpenSpan(begin(spec)),
    within: (span, work) => context.with(contextOf(span), work),
    record(span) {
      const started = ids.with(span, () =>
        tracer.startSpan(
          span.name,
          {
            ...kindOf(span.kind),
            startTime: span.beganAt,
            ...(span.attributes && { attributes: span.attributes }),
          },
          span.parent ? below(span.parent) : ROOT_CONTEXT,
        ),
      );
      end(started, span.errorType, span.endedAt);
    },
    isInside: () => trace.getActiveSpan() !== undefined,
    isSampled: (traceId) =>
      sampler.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []).decision ===
      SamplingDecision.RECORD_AND_SAMPLED,
    async close() {
      const patience = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => {}), patience]);
      trace.disable();
      context.disable();
    },
  };
}

function resourceOf({ resource }: TracingSettings, { name, version, environment }: TracedService) {
  return {
    'service.name': name,
    'service.version': version,
    'deployment.environment.name': environment,
    'host.name': hostname(),
    'process.pid': process.pid,
    ...resource,
  };
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

function kindOf(kind: SpanSpec['kind'] = 'internal') {
  return { kind: KINDS[kind] };
}

function below(parent: TraceContext | undefined): Context {
  if (!parent) return context.active();
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** The spans behind those that are handed out. */
const spans = new WeakMap<OpenSpan, Span>();

function contextOf(span: OpenSpan): Context {
  const known = spans.get(span);
  return known ? trace.setSpan(context.active(), known) : context.active();
}

function toOpenSpan(span: Span): OpenSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const open: OpenSpan = {
    context: { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
    rename: (name) => void span.updateName(name),
    set(attributes) {
      for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined) span.setAttribute(name, value);
      }
    },
    end: (errorType) => end(span, errorType),
  };
  spans.set(open, span);
  return open;
}

function end(span: Span, errorType: string | undefined, at?: Date): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(at);
}

interface Ids extends IdGenerator {
  /** What is begun in it has the ids given. */
  with<T>(given: Pick<PastSpan, 'traceId' | 'spanId'>, begin: () => T): T;
}

function createIds(): Ids {
  const random = new RandomIdGenerator();
  let given: Pick<PastSpan, 'traceId' | 'spanId'> | undefined;
  return {
    generateTraceId: () => given?.traceId ?? random.generateTraceId(),
    generateSpanId: () => given?.spanId ?? random.generateSpanId(),
    with(ids, begin) {
      given = ids;
      try {
        return begin();
      } finally {
        given = undefined;
      }
    },
  };
}
