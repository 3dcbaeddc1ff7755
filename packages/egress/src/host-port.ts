import { isIPv6 } from 'node:net';

export interface HostPort {
  /** Canonical: lower case, ASCII, no brackets, no final dot. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `host`, `host:port`, `1.2.3.4:port`, `::1`, `[::1]` or `[::1]:port`; undefined for anything else. */
export function parseHostPort(text: string): HostPort | undefined {
  if (isIPv6(text)) return parseHostPort(`[${text}]`);
  const match = /^(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]\\*,=%]+)(?::(\d{1,5}))?$/.exec(text);
  const [, name = '', digits] = match ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (!match || (port !== undefined && (port < 1 || port > 65_535))) return undefined;
  const url = URL.parse(`http://${name}/`);
  return url ? { host: canonicalHost(url.hostname), port } : undefined;
}

/** The host of a URL as names are compared: without the brackets of IPv6 and the final dot of DNS. */
export function canonicalHost(hostname: string): string {
  return hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}
