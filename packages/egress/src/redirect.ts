import { parseDestination } from './destination.ts';
import { EgressError } from './egress-error.ts';

/** One request on its way, with its redirects still to come. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const BODY_HEADERS = ['content-type', 'content-encoding', 'content-language', 'content-location'];

/** What may go to another origin: anything else may be a credential under a name of its own. */
const CROSS_ORIGIN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'user-agent',
  'range',
  'idempotency-key',
  ...BODY_HEADERS,
]);

/**
 * The request that a redirect asks for, by the rules of fetch; undefined when the answer is no redirect.
 * Throws `target_refused` for a step down from https to http, `address_refused` for other schemes.
 */
export function follow(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const url = parseDestination(location, hop.url);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new EgressError(
      'target_refused',
      `${hop.url.origin} redirected to plain http, which is refused.`,
    );
  }
  const plain = becomesGet(hop.method, status);
  const dropped = plain ? BODY_HEADERS : [];
  const headers = Object.entries(hop.headers).filter(
    ([name]) =>
      !dropped.includes(name) && (url.origin === hop.url.origin || CROSS_ORIGIN_HEADERS.has(name)),
  );
  return {
    url,
    method: plain ? 'GET' : hop.method,
    headers: Object.fromEntries(headers),
    body: plain ? undefined : hop.body,
  };
}

/**
 * Browsers turn a redirected POST into a GET, except for 307 and 308, which were made to keep it. A
 * server that answers so has acted upon the first request already.
 */
export function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}
