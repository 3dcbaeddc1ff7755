import net from 'node:net';

import { parseAllowedHosts } from './allowed-hosts.ts';
import { parseConnectTo } from './connect-to.ts';
import { parseDestination } from './destination.ts';
import { EgressError } from './egress-error.ts';
import { exchange, type Answer } from './exchange.ts';
import { openSocket, resolveBySystem, type Resolve, type Wires } from './open-socket.ts';
import { requestHeaders } from './request-headers.ts';
import { becomesGet, follow, type Hop } from './redirect.ts';

export const TIMEOUT_MS = 30_000;
export const BODY_BYTES_MAX = 8 * 1024 * 1024;
export const REDIRECTS_MAX = 5;

export interface EgressOptions {
  /** `host`, `host:port` or `network/bits` of what is private and may be reached all the same. */
  readonly allowPrivateHosts: readonly string[];
  /** Connects a host to another address; see `parseConnectTo`. */
  readonly connectTo?: Readonly<Record<string, string>>;
  /** All addresses of a host name; the system's resolver when absent. */
  readonly resolve?: Resolve;
}

export interface EgressRequest {
  readonly url: string;
  /** `GET` when absent. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Of the answer's body after decompression. */
  readonly bytesMax?: number;
  readonly redirectsMax?: number;
  /** From the first look-up to the last byte, redirects included. */
  readonly timeoutMs?: number;
}

export interface EgressResponse {
  /** Where the answer came from, after redirects. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case; repeated headers are joined by a comma, cookies by a line break. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Every address redirected to, in order. */
  readonly redirects: readonly string[];
}

export interface Egress extends AsyncDisposable {
  /** Resolves for every HTTP status. Throws EgressError, whose `sent` tells whether repeating is safe. */
  request(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse>;
}

export function createEgress(options: EgressOptions): Egress {
  return createEgressOn({
    allowed: parseAllowedHosts(options.allowPrivateHosts),
    connectTo: parseConnectTo(options.connectTo ?? {}),
    resolve: options.resolve ?? resolveBySystem,
    connect: (to) => net.connect(to),
  });
}

/** The same on given wires, for the tests of this package. */
export function createEgressOn(wires: Wires): Egress {
  const closing = new AbortController();
  const pending = new Set<Promise<unknown>>();
  return {
    async request(request, signal) {
      const answer = pursue(request, wires, AbortSignal.any([signal, closing.signal]));
      pending.add(answer);
      try {
        return await answer;
      } finally {
        pending.delete(answer);
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.allSettled(pending);
    },
  };
}

/** Follows one request to its answer: a hop, its redirect, the next hop, at most `redirectsMax` times. */
async function pursue(
  request: EgressRequest,
  wires: Wires,
  cancel: AbortSignal,
): Promise<EgressResponse> {
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
  const time = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([cancel, time]);
  const redirectsMax = request.redirectsMax ?? REDIRECTS_MAX;
  const redirects: string[] = [];
  let hop = firstHop(request);
  /** A POST that was answered "now GET that" has been acted upon; failing later does not undo it. */
  let acted = false;
  let sent = false;
  try {
    for (;;) {
      const answer = await oneHop(hop, request.bytesMax ?? BODY_BYTES_MAX, wires, signal, () => {
        sent = true;
      });
      acted ||= becomesGet(hop.method, answer.status);
      sent = acted;
      const next = follow(hop, answer.status, answer.headers['location']);
      if (!next) return { url: hop.url.href, ...answer, redirects };
      if (redirects.length >= redirectsMax) throw tooMany(request, hop.url, redirectsMax);
      redirects.push(next.url.href);
      hop = next;
    }
  } catch (error) {
    throw told(error, { sent, cancel, time, timeoutMs, origin: hop.url.origin });
  }
}

function firstHop(request: EgressRequest): Hop {
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
  return {
    url: parseDestination(request.url),
    method: request.method ?? 'GET',
    headers: requestHeaders(request.headers ?? {}),
    body,
  };
}

async function oneHop(
  hop: Hop,
  bytesMax: number,
  wires: Wires,
  signal: AbortSignal,
  onSend: () => void,
): Promise<Answer> {
  const socket = await openSocket(hop.url, wires, signal);
  onSend();
  return exchange(hop, socket, bytesMax, signal);
}

function tooMany(request: EgressRequest, { origin }: URL, redirectsMax: number): EgressError {
  const detail =
    redirectsMax === 0
      ? `${origin} redirected, and no redirects are allowed.`
      : `${new URL(request.url).origin} redirected more than ${redirectsMax} times.`;
  return new EgressError('too_many_redirects', detail);
}

/** What ended the request, in the caller's terms: whoever gave up first names the failure. */
function told(
  cause: unknown,
  facts: {
    sent: boolean;
    cancel: AbortSignal;
    time: AbortSignal;
    timeoutMs: number;
    origin: string;
  },
): EgressError {
  const { sent, cancel, time, timeoutMs, origin } = facts;
  if (cancel.aborted) {
    return new EgressError('cancelled', `The request to ${origin} was cancelled.`, { sent, cause });
  }
  if (time.aborted) {
    return sent
      ? new EgressError('target_timed_out', `${origin} did not answer within ${timeoutMs} ms.`, {
          sent,
          cause,
        })
      : new EgressError(
          'target_unreachable',
          `${origin} did not accept the connection within ${timeoutMs} ms.`,
          { sent, cause },
        );
  }
  // Anything that is no failure of the network is a mistake in this package, and told as it is.
  if (!(cause instanceof EgressError)) throw cause;
  return new EgressError(cause.code, cause.message, { sent, cause: cause.cause });
}
