import type { Json } from '@aos/core';

export interface Decoded {
  /** Undefined when the body is binary. */
  readonly text: string | undefined;
  readonly json?: Json;
}

const TEXT_TYPE =
  /^(text\/|application\/(json|xml|javascript|ecmascript|x-javascript|x-www-form-urlencoded|yaml|x-yaml|toml|graphql|sql|x-ndjson|x-sh|xhtml\+xml)$|image\/svg\+xml$|[^/]+\/[^/]+\+(json|xml|yaml)$)/;
const JSON_TYPE = /^(application|text)\/(json|[^/]+\+json)$/;
/** Browsers look this far for a charset in the document itself. */
const PRESCAN_BYTES = 1024;

/**
 * The text of a body as a browser would read it, and its JSON when the type says so. A body of unknown
 * type is text when it is valid UTF-8 without control characters.
 */
export function decodeBody(body: Buffer, contentType: string, encoding?: string): Decoded {
  // A coding that nobody could unpack: whatever the type, these bytes are not text.
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity')
    return { text: undefined };
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  const essence = type.trim();
  if (essence === '') return { text: plainText(body) };
  if (!TEXT_TYPE.test(essence)) return { text: undefined };
  const text = decode(body, charsetOf(contentType) ?? prescan(body, essence));
  if (!JSON_TYPE.test(essence)) return { text };
  try {
    return { text, json: JSON.parse(text) as Json };
  } catch {
    return { text };
  }
}

function plainText(body: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    // oxlint-disable-next-line no-control-regex -- control characters are what binary data has
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
}

/** The charset an HTML or XML document names in its first bytes. */
function prescan(body: Buffer, essence: string): string | undefined {
  const head = body.subarray(0, PRESCAN_BYTES).toString('latin1');
  if (essence.includes('html')) {
    return /<meta[^>]{0,200}?charset\s*=\s*["']?([^\s"'/>;]+)/i.exec(head)?.[1];
  }
  return essence.includes('xml')
    ? /^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']+)/.exec(head)?.[1]
    : undefined;
}

function decode(body: Buffer, label: string | undefined): string {
  const marked = bomOf(body) ?? label;
  if (marked !== undefined) {
    try {
      return new TextDecoder(marked).decode(body);
    } catch {
      // An unknown label says nothing; go on as without one.
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return new TextDecoder('windows-1252').decode(body);
  }
}

function bomOf(body: Buffer): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8';
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be';
  return body[0] === 0xff && body[1] === 0xfe ? 'utf-16le' : undefined;
}
