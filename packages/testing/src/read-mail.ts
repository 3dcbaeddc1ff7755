/** What a person sees of a mail. */
export interface Mail {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The parts of `text/plain` and `text/html`, decoded; empty when there are none. */
  readonly text: string;
  readonly html: string;
}

/** Reads a mail (RFC 5322 and MIME) from its bytes, each one character. */
export function readMail(raw: string): Mail {
  const { headers, body } = partOf(raw);
  const parts = leavesOf(headers, body);
  const content = (type: string) => parts.find((part) => part.type === type)?.content ?? '';
  return {
    subject: words(headers['subject'] ?? ''),
    headers,
    text: content('text/plain'),
    html: content('text/html'),
  };
}

type Headers = Readonly<Record<string, string>>;

function partOf(raw: string): { readonly headers: Headers; readonly body: string } {
  const end = raw.search(/\r?\n\r?\n/);
  const head = (end < 0 ? raw : raw.slice(0, end)).replaceAll(/\r?\n[ \t]+/g, ' ');
  const headers = Object.fromEntries(
    head.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
    }),
  ) as Headers;
  return { headers, body: end < 0 ? '' : raw.slice(end).replace(/^\r?\n\r?\n/, '') };
}

function leavesOf(
  headers: Headers,
  body: string,
): readonly { readonly type: string; readonly content: string }[] {
  const kind = headers['content-type'] ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(kind)?.[1];
  if (boundary === undefined) {
    const encoding = headers['content-transfer-encoding'] ?? '';
    return [{ type: kind.split(';')[0]?.trim() ?? '', content: decoded(body, encoding) }];
  }
  return body
    .split(`--${boundary}`)
    .slice(1)
    .filter((part) => !part.startsWith('--'))
    .flatMap((part) => {
      const inner = partOf(part.replace(/^\r?\n/, ''));
      return leavesOf(inner.headers, inner.body);
    });
}

function decoded(body: string, encoding: string): string {
  const bytes =
    encoding.toLowerCase() === 'base64'
      ? Buffer.from(body, 'base64')
      : Buffer.from(
          encoding.toLowerCase() === 'quoted-printable' ? quotedPrintable(body) : body,
          'latin1',
        );
  return bytes.toString('utf8').replaceAll('\r\n', '\n');
}

function quotedPrintable(text: string): string {
  return text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

/** Encoded words of a header (RFC 2047). */
function words(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, how: string, encoded: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(encoded, 'base64').toString('utf8')
        : Buffer.from(quotedPrintable(encoded.replaceAll('_', ' ')), 'latin1').toString('utf8'),
    );
}
