/** Floor 1: metric names and log lines, each in one table, and traces. Knows no service, no database, no HTTP. */
export { answerSignals } from './diagnostics.ts';
export { createLogger, type Fields, type Logger, type LogLevel } from './logger.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export type { DatabaseFacts } from './database-facts.ts';
export type { ServiceName } from './metric-kind.ts';
export { metricTable, type MetricKey } from './metric-table.ts';
export { recordEvent, type RunContext, type Telemetry } from './record-event.ts';
export { reachableHost } from './reachable-host.ts';
export { tellConnections } from './tell-connections.ts';
export { redactText } from './redact.ts';
export { attribute } from './span-attributes.ts';
export { inSpan, startTracing, type OpenSpan, type SpanSpec, type Tracing } from './tracing.ts';
