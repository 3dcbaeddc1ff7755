import type { Route } from './route.ts';
import { agentRoutes } from './routes/agents.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { artifactRoutes } from './routes/artifacts.ts';
import { caseRoutes } from './routes/cases.ts';
import { consumerRoutes } from './routes/consumers.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { docsRoutes } from './routes/docs.ts';
import { eventRoutes } from './routes/events.ts';
import { logRoutes } from './routes/log.ts';
import { operationRoutes } from './routes/operations.ts';
import { pauseRoutes } from './routes/pauses.ts';
import { runPartRoutes } from './routes/run-parts.ts';
import { runPauseRoutes } from './routes/run-pause.ts';
import { runRoutes } from './routes/runs.ts';
import { runbookRoutes } from './routes/runbooks.ts';
import { scaleRoutes } from './routes/scale.ts';
import { scrapeTargetRoutes } from './routes/scrape-targets.ts';
import { serviceRoutes } from './routes/service.ts';
import { simulateRoutes } from './routes/simulate.ts';
import { skillRoutes } from './routes/skills.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { targetRoutes } from './routes/targets.ts';

/** Every route of the API. What is not here does not exist. */
export function routeTable(version: string): readonly Route[] {
  const table: Route[] = [
    ...runRoutes,
    ...runPauseRoutes,
    ...runPartRoutes,
    ...eventRoutes,
    ...artifactRoutes,
    ...simulateRoutes,
    ...skillRoutes,
    ...agentRoutes,
    ...approvalRoutes,
    ...logRoutes,
    ...consumerRoutes,
    ...webhookRoutes,
    ...deliveryRoutes,
    ...deadLetterRoutes,
    ...caseRoutes,
    ...operationRoutes,
    ...pauseRoutes,
    ...targetRoutes,
    ...scaleRoutes,
    ...scrapeTargetRoutes,
    ...serviceRoutes,
    ...runbookRoutes,
    ...docsRoutes(() => table, version),
  ];
  return table;
}
