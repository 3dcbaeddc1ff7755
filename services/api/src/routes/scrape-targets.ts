import { scrapeTargetsSchema, type ScrapeTargets } from '@aos/sdk';
import { replicas } from '@aos/store';

import { route } from '../route.ts';

export const scrapeTargetRoutes = [
  route({
    method: 'get',
    path: '/admin/scrape-targets',
    access: 'admin',
    summary: 'Ask where metrics are to be had',
    description:
      'In the form of `http_sd_configs` of Prometheus: every replica of the API and of the workers that lives, and those that died within the last 20 s, so that a scrape of them fails before they are forgotten.',
    answers: { 200: { description: 'One entry for each service.', schema: scrapeTargetsSchema } },
    handle: async (_call, { database }) => {
      const found = await replicas.scrapeTargets(database);
      const json: ScrapeTargets = (['api', 'worker'] as const).map((service) => ({
        targets: found
          .filter((target) => target.service === service)
          .map(
            ({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`,
          ),
        labels: { service },
      }));
      return { status: 200, json };
    },
  }),
];
