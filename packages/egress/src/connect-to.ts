import { AosError } from '@aos/core';

import { parseHostPort, type HostPort } from './host-port.ts';

/** The host and port to dial for the host and port of a URL. */
export type ConnectTo = (host: string, port: number) => { host: string; port: number };

/**
 * Reads a map such as `{'google.com:80': '127.0.0.1:4711'}`: whoever asks for the left side is connected
 * to the right side, as curl's `--connect-to` does; names in URLs, headers and certificates stay. A left
 * side without a port takes every port; a right side without one keeps the port of the URL. The right
 * side gets no privilege: a private address must be allowed as any other.
 */
export function parseConnectTo(map: Readonly<Record<string, string>>): ConnectTo {
  const routes = new Map<string, HostPort>();
  for (const [from, to] of Object.entries(map)) {
    routes.set(keyOf(readSide(from, from, to)), readSide(to, from, to));
  }
  return (host, port) => {
    const route = routes.get(keyOf({ host, port })) ?? routes.get(keyOf({ host, port: undefined }));
    return route ? { host: route.host, port: route.port ?? port } : { host, port };
  };
}

function readSide(side: string, from: string, to: string): HostPort {
  const hostPort = parseHostPort(side);
  if (hostPort) return hostPort;
  throw new AosError(
    'invalid_request',
    `The connection route ${JSON.stringify(`${from}=${to}`)} is not of the form host[:port]=host[:port].`,
  );
}

function keyOf({ host, port }: HostPort): string {
  return `${host} ${port ?? '*'}`;
}
