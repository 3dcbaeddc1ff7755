/** A place in a trace, as W3C Trace Context names it. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whoever began the trace wants it recorded. */
  readonly sampled: boolean;
}

/** The spans of a run have the same ids in every process that advances it. */
export interface RunTrace {
  readonly traceId: string;
  /** The request that made the run; undefined when nobody named a trace. */
  readonly parent?: TraceContext;
  /** Of the run from its acceptance to its end. */
  readonly runSpanId: string;
  /** Of its agent, from the first claim to the end; what is above plans, steps and claims. */
  readonly agentSpanId: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const PREFIX = 'run_'.length;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Undefined for whatever is no `traceparent`: it is ignored then, as the standard asks. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > 256) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function toTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** A run that no trace was named for is a trace of its own: it has the digits of the run's id. */
export function traceIdOf(runId: string, traceparent?: string): string {
  return readTraceparent(traceparent)?.traceId ?? traceIdFrom(runId.slice(PREFIX));
}

export function runTrace(runId: string, traceparent?: string): RunTrace {
  const parent = readTraceparent(traceparent);
  const digits = traceIdFrom(runId.slice(PREFIX));
  // The random half of a UUID. Its first digit is 8 to b, so the other span of the run has 0 to 3.
  const runSpanId = digits.slice(16);
  const agentSpanId =
    (Number.parseInt(runSpanId[0] ?? '8', 16) & 3).toString() + runSpanId.slice(1);
  return { traceId: parent?.traceId ?? digits, runSpanId, agentSpanId, ...(parent && { parent }) };
}

/** The digits of a UUID. Asked for with every request and every claim: no pattern, no list. */
export function traceIdFrom(uuid: string): string {
  const head = uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18);
  return head + uuid.slice(19, 23) + uuid.slice(24);
}
