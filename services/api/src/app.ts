import express, { type Express } from 'express';

import { register } from './register.ts';
import { requestLog } from './request-log.ts';
import { routeTable } from './routes.ts';
import { securityHeaders } from './security-headers.ts';
import type { Services } from './services.ts';

/** The HTTP side of AOS: the middleware in its order, then the table of routes. */
export function createApp(services: Services): Express {
  const app = express();
  // A path means one thing: no case folding, no optional slash, no guessing at queries.
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.set('query parser', false);
  app.set('etag', false);
  app.use(requestLog(services));
  app.use(securityHeaders());
  register(app, routeTable(services.settings.version), services);
  return app;
}
