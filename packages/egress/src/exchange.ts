import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

import axios, { AxiosHeaders, isAxiosError, type AxiosResponse } from 'axios';

import { EgressError } from './egress-error.ts';
import type { Hop } from './redirect.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const DEFAULT_HEADERS = { 'user-agent': 'AOS/0.1', accept: '*/*' };
/** Names that would set the prototype of a plain object are dropped: no honest server sends them. */
const HEADER_NAME = /^(?!__proto__$)[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Sends one request over a connected socket, and reads its answer up to `bytesMax` bytes of body. */
export async function exchange(
  hop: Hop,
  socket: Socket,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await axios.request<Readable>({
      url: hop.url.href,
      method: hop.method,
      headers: { ...DEFAULT_HEADERS, ...hop.headers },
      data: hop.body,
      httpAgent: new OnSocket(socket),
      httpsAgent: new OnSecureSocket(socket),
      // Neither the environment nor the library may choose another way.
      proxy: false,
      maxRedirects: 0,
      responseType: 'stream',
      transformRequest: [(data: unknown) => data],
      validateStatus: () => true,
      // The body is bounded while it is read; the request was built by us.
      maxContentLength: -1,
      maxBodyLength: -1,
      signal,
    });
    const headers = plainHeaders(response);
    const declared = Number(headers['content-length'] ?? 0);
    if (hop.method !== 'HEAD' && declared > bytesMax) throw tooLarge(hop.url, bytesMax);
    return { status: response.status, headers, body: await read(response.data, hop.url, bytesMax) };
  } catch (error) {
    throw failureOf(error, hop.url);
  } finally {
    socket.destroy();
  }
}

/** A pool of one: the socket that was checked is the socket that is used. */
class OnSocket extends http.Agent {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }
  override createConnection(): Socket {
    return this.#socket;
  }
}

class OnSecureSocket extends https.Agent {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }
  override createConnection(): Socket {
    return this.#socket;
  }
}

async function read(stream: Readable, url: URL, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the stream, so a bomb is never unpacked further than this.
    if (bytes > bytesMax) throw tooLarge(url, bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge({ origin }: URL, bytesMax: number): EgressError {
  return new EgressError(
    'response_too_large',
    `The answer of ${origin} is larger than ${bytesMax} bytes.`,
  );
}

function plainHeaders(response: AxiosResponse): Readonly<Record<string, string>> {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(
    AxiosHeaders.from(response.headers as never).toJSON(),
  )) {
    const key = name.toLowerCase();
    if (value === null || value === undefined || !HEADER_NAME.test(key)) continue;
    headers.push([
      key,
      Array.isArray(value) ? value.join(key === 'set-cookie' ? '\n' : ', ') : value,
    ]);
  }
  return Object.fromEntries(headers);
}

function failureOf(cause: unknown, { origin }: URL): unknown {
  if (cause instanceof EgressError || !(cause instanceof Error)) return cause;
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new EgressError('response_too_large', `${origin} sent too many headers.`, { cause });
  }
  if (/^(HPE_|Z_|ERR_BROTLI|ERR__ERROR|ERR_ZSTD|ZSTD_)/.test(code)) {
    return new EgressError('target_failed', `${origin} sent an answer that is not valid HTTP.`, {
      cause,
    });
  }
  if (isAxiosError(cause) || /^(E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE)$/.test(code)) {
    return new EgressError(
      'target_unreachable',
      `${origin} closed the connection before its answer was complete.`,
      { cause },
    );
  }
  return cause;
}
