import { EgressError } from './egress-error.ts';

const HEADERS_MAX = 64;
const HEADER_BYTES_MAX = 16 * 1024;

/** What belongs to the connection, not to the request; a caller could split or misroute requests by them. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The caller's headers by lower-case name. Throws `target_refused` before anything is sent. */
export function requestHeaders(
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase();
    if (!TOKEN.test(name) || RESERVED.has(key) || key.startsWith('proxy-')) {
      throw new EgressError('target_refused', `The header ${quoted(name)} may not be set.`);
    }
    if (!VALUE.test(value)) {
      throw new EgressError(
        'target_refused',
        `The value of the header ${quoted(name)} has characters that no header may have.`,
      );
    }
    bytes += name.length + value.length;
    headers.set(key, value.trim());
  }
  if (headers.size > HEADERS_MAX || bytes > HEADER_BYTES_MAX) {
    throw new EgressError(
      'target_refused',
      `A request may have ${HEADERS_MAX} headers of ${HEADER_BYTES_MAX} bytes together.`,
    );
  }
  return Object.fromEntries(headers);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
