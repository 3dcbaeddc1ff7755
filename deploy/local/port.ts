import { createServer } from 'node:net';

import { AosError } from '@aos/core';

/** A TCP port on loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return tryPort('127.0.0.1', 0);
}

/** Fails with a sentence when a service could not listen there. */
export async function assertPortFree(host: string, port: number): Promise<void> {
  try {
    await tryPort(host, port);
  } catch (error) {
    throw new AosError('not_ready', sentenceOf(host, port, error), { cause: error });
  }
}

function tryPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function sentenceOf(host: string, port: number, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Stop what listens there, or choose another one: PORT=8081 npm start.`;
    case 'EACCES':
      return `Port ${port} on ${host} is reserved for the system. Choose one above 1023: PORT=8081 npm start.`;
    default:
      return `Port ${port} on ${host} cannot be listened on: ${message}.`;
  }
}
