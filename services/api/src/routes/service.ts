import { healthSchema, versionSchema } from '@aos/sdk';

import { route } from '../route.ts';

export const serviceRoutes = [
  route({
    method: 'get',
    path: '/livez',
    access: 'public',
    summary: 'Whether the process is alive',
    answers: { 200: { description: 'It answers.', schema: healthSchema } },
    handle: async () => ({ status: 200, json: { status: 'ok' } }),
  }),
  route({
    method: 'get',
    path: '/readyz',
    access: 'public',
    summary: 'Whether it can take requests',
    answers: { 200: { description: 'It can.', schema: healthSchema } },
    fails: ['not_ready', 'database_unavailable'],
    handle: async (_call, { readiness }) => {
      await readiness.check();
      return { status: 200, json: { status: 'ok' } };
    },
  }),
  route({
    method: 'get',
    path: '/version',
    access: 'public',
    summary: 'Which AOS this is',
    answers: { 200: { description: 'Name, version, environment.', schema: versionSchema } },
    handle: async (_call, { settings: { version, environment } }) => ({
      status: 200,
      json: { name: 'aos', version, environment },
    }),
  }),
  route({
    method: 'get',
    path: '/metrics',
    access: 'public',
    summary: 'Metrics for Prometheus',
    answers: { 200: { description: 'The text of one scrape.', mediaTypes: ['text/plain'] } },
    handle: async (_call, { metrics }) => ({
      status: 200,
      mediaType: metrics.contentType,
      content: await metrics.exposition(),
    }),
  }),
];
