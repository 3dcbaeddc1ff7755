import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that arrived, as it was received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly at: number;
}

export type Page = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
) => void | Promise<void>;

export interface PageServer extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:<port>`, as it is allowed to skills. */
  readonly host: string;
  readonly url: string;
  /** Everything that arrived, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** Adds or replaces what a path answers. */
  serve(path: string, page: Page | string): void;
}

/** A real web server on loopback that stands for the outside world. Unknown paths answer 404. */
export async function startPageServer(
  pages: Readonly<Record<string, Page | string>> = {},
): Promise<PageServer> {
  const routes = new Map(Object.entries(pages));
  const requests: ReceivedRequest[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path } = new URL(request.url ?? '/', 'http://page');
    const body = await bodyOf(request);
    const { method = '', headers } = request;
    requests.push({ method, path, headers, body, at: Date.now() });
    const page = routes.get(path);
    if (page === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('Not found');
    } else if (typeof page === 'string') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(page);
    } else {
      await page(request, response, body);
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    requests,
    serve: (path, page) => void routes.set(path, page),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}
