import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Metrics } from '@aos/telemetry';

export interface Health {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/livez`, `/readyz`, `/version` and `/metrics` of a worker. `notReady` is why it cannot work; `gated` is
 * why it takes no more runs for now, though it works on those it has.
 */
export async function serveHealth(options: {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly metrics: Metrics;
  readonly notReady: () => string | undefined;
  readonly gated: () => string | undefined;
}): Promise<Health> {
  const { metrics, version } = options;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    switch (new URL(request.url ?? '/', 'http://worker').pathname) {
      case '/livez':
        return answer(200, { status: 'ok' });
      case '/readyz': {
        const reason = options.notReady();
        const gated = options.gated();
        return reason
          ? answer(503, { status: 'not_ready', reason })
          : answer(200, { status: 'ok', ...(gated && { gated }) });
      }
      case '/version':
        return answer(200, { name: 'aos', service: 'worker', version });
      case '/metrics':
        response.writeHead(200, { 'content-type': metrics.contentType });
        response.end(await metrics.exposition());
        return;
      default:
        return answer(404, { status: 'not_found' });
    }
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
