import { buildDashboard } from './build.ts';
import type { DashboardSpec } from './spec.ts';

/** The file of a dashboard. */
export function textOf(spec: DashboardSpec): string {
  return `${JSON.stringify(buildDashboard(spec), null, 2)}\n`;
}
