import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Home } from './home.ts';

/** A page of AOS's own, so that the first goal has something to read without any network. */
export interface WelcomePage {
  /** `host:port`: the one private address that workers may reach for it. */
  readonly authority: string;
  readonly url: string;
  close(): Promise<void>;
}

const PATH = '/welcome.html';
const HOST = '127.0.0.1';
const PORT_FILE = 'welcome-port';

/** Serves it on a port of its own: the same as last time if it can be, since unfinished runs name it. */
export async function serveWelcomePage(home: Home): Promise<WelcomePage> {
  const page = readFileSync(new URL('pages/welcome.html', import.meta.url));
  const server = createServer((request, response) => {
    const found = (request.url ?? '').split('?')[0] === PATH;
    response.writeHead(found ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
    });
    response.end(found && request.method !== 'HEAD' ? page : undefined);
  });
  const kept = Number(home.read(PORT_FILE) ?? 0);
  const port = await listen(server, kept).catch(() => listen(server, 0));
  if (port !== kept) home.write(PORT_FILE, String(port));
  const authority = `${HOST}:${port}`;
  return {
    authority,
    url: `http://${authority}${PATH}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
