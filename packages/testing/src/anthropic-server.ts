import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  messageOf,
  replyTo,
  type AnthropicReply,
  type AnthropicScript,
  type Message,
  type ReplyUsage,
} from './anthropic-reply.ts';
import { faultOf, systemOf, type RecordedRequest } from './anthropic-request.ts';
import { sendError, sendJson } from './anthropic-send.ts';
import { envelope, streamMessage } from './anthropic-stream.ts';

export interface AnthropicServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, a base URL for the SDK. */
  readonly url: string;
  /** The only key it takes. */
  readonly apiKey: string;
  /** Every request that came, refused ones included, oldest first. */
  readonly requests: readonly RecordedRequest[];
}

export interface AnthropicServerOptions {
  readonly script: AnthropicScript;
  readonly apiKey?: string;
  readonly port?: number;
}

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const CHARS_PER_TOKEN = 4;

/**
 * A double of the provider: a real HTTP server that speaks the Messages API of version 2026-10-21 and
 * behaves as the script says. It refuses what the provider refuses and bills what it would.
 */
export async function startAnthropicServer(
  options: AnthropicServerOptions,
): Promise<AnthropicServer> {
  const apiKey = options.apiKey ?? 'key-of-the-double';
  const requests: RecordedRequest[] = [];
  const closing = new AbortController();
  const state: State = {
    ...options,
    apiKey,
    requests,
    calls: 0,
    cached: new Set(),
    closing: closing.signal,
  };
  const server = createServer((request, response) => {
    answer(request, response, state).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    apiKey,
    requests,
    async [Symbol.asyncDispose]() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface State {
  readonly script: AnthropicScript;
  readonly apiKey: string;
  readonly requests: RecordedRequest[];
  /** Calls the script was asked about. */
  calls: number;
  /** Prefixes that were marked for the cache before. */
  readonly cached: Set<string>;
  readonly closing: AbortSignal;
}

async function answer(incoming: IncomingMessage, response: ServerResponse, state: State) {
  const raw = await bodyOf(incoming);
  const { headers, url: path = '/' } = incoming;
  const id = String(state.requests.length + 1);
  response.setHeader('request-id', `req_${id}`);
  const refuse = (status: number, message: string) => sendError(response, { status, message });

  const body = parsed(raw);
  const request = { id, path, headers, raw, body: body as RecordedRequest['body'] };
  state.requests.push(request);
  if (headers.authorization !== `Bearer ${state.apiKey}`)
    return refuse(401, 'invalid bearer token');
  if (!headers['anthropic-version']) return refuse(400, 'anthropic-version: header is required');
  const counting = path === '/v1/messages/count_tokens';
  if (incoming.method !== 'POST' || (path !== '/v1/messages' && !counting)) {
    return refuse(404, 'Not found');
  }
  const fault = faultOf(body);
  if (fault) return refuse(400, fault);
  if (counting) return sendJson(response, 200, { input_tokens: tokensOf(raw) });
  if (typeof request.body.max_tokens !== 'number') return refuse(400, 'max_tokens: field required');

  await perform(replyTo(request, state.calls++, state.script), request, response, state);
}

async function perform(
  reply: AnthropicReply,
  request: RecordedRequest,
  response: ServerResponse,
  state: State,
): Promise<void> {
  if (reply.do === 'fail') return sendError(response, reply);
  if (reply.do === 'garbage') {
    response.writeHead(200, { 'content-type': reply.contentType ?? 'text/event-stream' });
    return void response.end(reply.bytes);
  }
  if (reply.do === 'hang' && reply.after === 'request') return;
  const message = messageOf(reply, request);
  const out = {
    response,
    reply,
    message,
    usage: bill(reply, message, request, state.cached),
    id: request.id,
    model: ('model' in reply && reply.model) || request.body.model,
    closing: state.closing,
  };
  if (request.body.stream) return streamMessage(out);
  if (reply.do === 'cut') return void response.destroy();
  sendJson(response, 200, envelope(out));
}

function bill(
  reply: AnthropicReply,
  message: Message,
  request: RecordedRequest,
  cached: Set<string>,
): ReplyUsage {
  const { system } = request.body;
  const marked = Array.isArray(system) && system.some((block) => block.cache_control);
  const prefix = marked ? systemOf(request) : '';
  const known = cached.has(prefix);
  if (marked) cached.add(prefix);
  return {
    input: tokensOf(request.raw.slice(prefix.length)),
    output: tokensOf(JSON.stringify(message.content)),
    cacheRead: known ? tokensOf(prefix) : 0,
    cacheWrite: known ? 0 : tokensOf(prefix),
    ...('usage' in reply && reply.usage),
  };
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > BODY_BYTES_MAX) throw new Error(`A body of more than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return undefined;
  }
}
