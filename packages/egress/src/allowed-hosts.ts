import ipaddr from 'ipaddr.js';

import { AosError } from '@aos/core';

import { isMetadata, parseAddress, type Address } from './address.ts';
import { parseHostPort } from './host-port.ts';

type Entry =
  | { readonly kind: 'name'; readonly host: string; readonly port: number | undefined }
  | { readonly kind: 'address'; readonly address: string; readonly port: number | undefined }
  | { readonly kind: 'range'; readonly range: [Address, number] };

/** Where a connection goes: the name it was asked for, and the address it really has. */
export interface Endpoint {
  readonly host: string;
  readonly address: Address;
  readonly port: number;
}

/** Decides whether the operator has opened an endpoint that is otherwise closed. */
export type AllowedHosts = (endpoint: Endpoint) => boolean;

/**
 * Reads the operator's list. `name[:port]` opens what a name resolves to, `address[:port]` an address
 * under any name, `network/bits` all its addresses; an entry without a port opens every port.
 */
export function parseAllowedHosts(entries: readonly string[]): AllowedHosts {
  const parsed = entries.map(parseEntry);
  return (endpoint) => parsed.some((entry) => opens(entry, endpoint));
}

function parseEntry(text: string): Entry {
  if (text.includes('/')) {
    if (!ipaddr.isValidCIDR(text)) throw malformed(text);
    return { kind: 'range', range: ipaddr.parseCIDR(text) };
  }
  const hostPort = parseHostPort(text);
  if (!hostPort) throw malformed(text);
  const address = parseAddress(hostPort.host);
  return address
    ? { kind: 'address', address: address.toString(), port: hostPort.port }
    : { kind: 'name', ...hostPort };
}

function malformed(text: string): AosError {
  return new AosError(
    'invalid_request',
    `The allowed private host ${JSON.stringify(text)} is none of host, host:port, [address]:port and network/bits.`,
  );
}

function opens(entry: Entry, { host, address, port }: Endpoint): boolean {
  switch (entry.kind) {
    case 'name':
      return entry.host === host && (entry.port ?? port) === port && !isMetadata(address);
    case 'address':
      return entry.address === address.toString() && (entry.port ?? port) === port;
    case 'range':
      return inRange(address, entry.range);
  }
}

function inRange(address: Address, [network, bits]: [Address, number]): boolean {
  if (address.kind() !== network.kind()) return false;
  const whole = address.kind() === 'ipv4' ? 32 : 128;
  // A wide network must not open the metadata service by accident.
  return (bits === whole || !isMetadata(address)) && address.match(network, bits);
}
