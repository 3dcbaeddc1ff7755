/** Beside the floors: the dashboards of Grafana as code. Knows the names of the metrics, and no service. */
import { agents } from './agents.ts';
import { llmCost } from './llm-cost.ts';
import { overview } from './overview.ts';
import { queue } from './queue.ts';
import { runs } from './runs.ts';
import { skills } from './skills.ts';
import type { DashboardSpec } from './spec.ts';
import { workers } from './workers.ts';

export type { DashboardSpec, PanelSpec, QuerySpec } from './spec.ts';
export { buildDashboard } from './build.ts';

export const dashboards: readonly DashboardSpec[] = [
  overview,
  runs,
  skills,
  queue,
  workers,
  llmCost,
  agents,
];
