import { metricTable } from '@aos/telemetry';

import type { CheckReport } from './check-history.ts';

/** What was checked, as text for Prometheus, such as its textfile collector reads. */
export function exposition({ violations }: Pick<CheckReport, 'violations'>): string {
  const { name, help, type } = metricTable.invariantViolations;
  const series = [...violations].map(([invariant, n]) => `${name}{invariant="${invariant}"} ${n}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...series, ''].join('\n');
}
