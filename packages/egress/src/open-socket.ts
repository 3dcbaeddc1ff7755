import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, isIPv6 } from 'node:net';
import type net from 'node:net';
import tls from 'node:tls';

import { parseAddress, refusalOf, type Address } from './address.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import type { ConnectTo } from './connect-to.ts';
import { hostOf, portOf } from './destination.ts';
import { EgressError } from './egress-error.ts';

/** Ports of public hosts that serve the web; anything else is opened by naming it. */
export const PUBLIC_PORTS: readonly number[] = [80, 443, 8080, 8443];

/** All addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export const resolveBySystem: Resolve = async (host) =>
  (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

/** What a connection needs to know. `connect` is `net.connect` everywhere but in a test of the check behind it. */
export interface Wires {
  readonly allowed: AllowedHosts;
  readonly connectTo: ConnectTo;
  readonly resolve: Resolve;
  readonly connect: (options: net.TcpNetConnectOpts) => net.Socket;
}

/**
 * A connected socket to the host of a URL, over TLS for https. The address is judged three times: as
 * written, as resolved (all answers, so that a name with one private address is refused), and as really
 * connected. The answers judged are the answers dialled, so a name cannot change its mind in between.
 */
export async function openSocket(url: URL, wires: Wires, signal: AbortSignal): Promise<net.Socket> {
  const { host, port } = wires.connectTo(hostOf(url), portOf(url));
  const addresses = await addressesOf(host, wires.resolve, signal);
  for (const address of addresses) refuseUnlessOpen(wires.allowed, { host, address, port });

  const socket = wires.connect({ host, port, lookup: pinned(addresses), autoSelectFamily: true });
  try {
    await settled(socket, 'connect', signal);
    const address = parseAddress(socket.remoteAddress ?? '');
    if (!address) throw new Error('The socket has no remote address.');
    refuseUnlessOpen(wires.allowed, { host, address, port });
    return url.protocol === 'https:' ? await secure(socket, url, signal) : socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof EgressError ? error : connectFailure(error, url);
  }
}

async function addressesOf(
  host: string,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<Address[]> {
  const literal = parseAddress(host);
  if (literal) return [literal];
  const answers = await unlessAborted(resolve(host), signal).catch((cause: unknown) => {
    throw new EgressError('target_unreachable', `The host ${host} could not be found.`, { cause });
  });
  const addresses = answers.map(parseAddress);
  if (addresses.length === 0) {
    throw new EgressError('target_unreachable', `The host ${host} has no address.`);
  }
  return addresses.filter((address, index): address is Address => {
    if (address) return true;
    throw new EgressError('address_refused', `The host ${host} has no valid address (${index}).`);
  });
}

function refuseUnlessOpen(
  allowed: AllowedHosts,
  endpoint: { host: string; address: Address; port: number },
): void {
  if (allowed(endpoint)) return;
  const { host, address, port } = endpoint;
  const refusal = refusalOf(address);
  if (refusal !== undefined) {
    // The address behind a name is not told: it would map the network for whoever asks.
    const where = isIP(host) ? `${host} is a` : `The host ${host} has a`;
    throw new EgressError(
      'address_refused',
      `${where} ${refusal} address; skills may not reach it unless the operator allows it.`,
    );
  }
  if (!PUBLIC_PORTS.includes(port)) {
    throw new EgressError(
      'address_refused',
      `Port ${port} of ${host} is closed to skills; public hosts are reached on ${PUBLIC_PORTS.join(', ')}.`,
    );
  }
}

function pinned(addresses: readonly Address[]): net.LookupFunction {
  const answers = addresses.map((address) => ({
    address: address.toString(),
    family: isIPv6(address.toString()) ? 6 : 4,
  }));
  return (_host, options, callback) => {
    const [first] = answers;
    if (options.all || !first) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}

async function secure(socket: net.Socket, url: URL, signal: AbortSignal): Promise<net.Socket> {
  const host = hostOf(url);
  const secured = tls.connect({
    socket,
    ALPNProtocols: ['http/1.1'],
    // An address is no server name; its certificate is checked against the address itself.
    ...(isIP(host) ? { host } : { host, servername: host }),
  });
  try {
    await settled(secured, 'secureConnect', signal);
    return secured;
  } catch (error) {
    secured.destroy();
    throw error;
  }
}

async function settled(socket: net.Socket, event: string, signal: AbortSignal): Promise<void> {
  // A socket without a listener for late errors would end the process.
  socket.on('error', () => {});
  await Promise.race([
    once(socket, event, { signal }),
    once(socket, 'close', { signal }).then(() => {
      throw Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' });
    }),
  ]);
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** TLS failures stay as they are however often one tries; the rest may pass. */
function connectFailure(cause: unknown, { origin }: URL): EgressError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (/^(ERR_TLS|ERR_SSL|EPROTO|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME)/.test(code)) {
    return new EgressError('target_refused', `No secure connection to ${origin}: ${code}.`, {
      cause,
    });
  }
  const reason = /^E[A-Z]+$/.test(code) ? ` (${code})` : '';
  return new EgressError(
    'target_unreachable',
    `${origin} did not accept the connection${reason}.`,
    {
      cause,
    },
  );
}
