import type { TraceContext } from '@aos/core';

import type { Logger } from './logger.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanSpec {
  readonly name: string;
  /** `internal` when left out. */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Left out: whichever span is active, or none. */
  readonly parent?: TraceContext;
  readonly attributes?: Attributes;
}

export interface OpenSpan {
  /** What others name as their parent. */
  readonly context: TraceContext;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** With the kind of error it failed; never with its text, which may hold anything. */
  end(errorType?: string): void;
}

/** A span that is over, under ids that other processes know. */
export interface PastSpan extends SpanSpec {
  readonly traceId: string;
  readonly spanId: string;
  readonly beganAt: Date;
  readonly endedAt: Date;
  readonly errorType?: string;
}

/** There only while traces are exported: without it nobody does anything for them. Never throws. */
export interface Tracing {
  begin(spec: SpanSpec): OpenSpan;
  /** Whatever begins in `work`, now or later, is below the span. */
  within<T>(span: OpenSpan, work: () => T): T;
  record(span: PastSpan): void;
  /** Some span is active. */
  isInside(): boolean;
  /** Whether a trace that nobody has decided on is to be recorded; everybody decides the same. */
  isSampled(traceId: string): boolean;
  /** Sends what there is, for 2 s at the longest. */
  close(): Promise<void>;
}

export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplers)[number];

export interface TracingSettings {
  /** Where spans go, with the path. */
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Of the two samplers that have one, 0 to 1. */
  readonly ratio: number;
  /** What else is to be said of this process. */
  readonly resource: Readonly<Record<string, string>>;
}

export interface TracedService {
  readonly name: string;
  readonly version: string;
  readonly environment: string;
  readonly log: Logger;
}

/** Without settings nothing of OpenTelemetry's SDK is loaded, and there is no tracing. */
export async function startTracing(
  settings: TracingSettings | undefined,
  service: TracedService,
): Promise<Tracing | undefined> {
  if (!settings) return undefined;
  const { openTracing } = await import('./open-tracing.ts');
  return openTracing(settings, service);
}

/** One piece of work in a span of its own; `end` says how it went. Errors pass through. */
export async function inSpan<T>(
  tracing: Tracing,
  spec: SpanSpec,
  work: () => Promise<T>,
  end: (span: OpenSpan, result: T) => void = (span) => span.end(),
): Promise<T> {
  const span = tracing.begin(spec);
  let result: T;
  try {
    result = await tracing.within(span, work);
  } catch (error) {
    span.end(errorTypeOf(error));
    throw error;
  }
  end(span, result);
  return result;
}

/** The code of an error of ours, the name of any other. */
function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
