import { parseAddress } from './address.ts';
import { canonicalHost } from './host-port.ts';
import { EgressError } from './egress-error.ts';

/** Longer addresses are refused by most servers anyway. */
export const URL_CHARS_MAX = 8192;

/**
 * The URL a request may go to, in canonical form and without fragment. Refuses everything but http and
 * https, and user names and passwords: they would end in logs and journals.
 */
export function parseDestination(text: string, base?: URL): URL {
  const url = text.length > URL_CHARS_MAX ? null : URL.parse(text, base?.href);
  if (!url || url.hostname === '') {
    throw new EgressError(
      'address_refused',
      `The URL is not valid: it begins with http:// or https:// and has at most ${URL_CHARS_MAX} characters.`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EgressError(
      'address_refused',
      `Only http and https are allowed, not ${JSON.stringify(url.protocol)}.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new EgressError(
      'address_refused',
      `The URL of ${url.origin} carries a user name or password; use the Authorization header.`,
    );
  }
  url.hash = '';
  return url;
}

export function hostOf(url: URL): string {
  const host = canonicalHost(url.hostname);
  return parseAddress(host)?.toString() ?? host;
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}
