import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as the channel shows it. */
export interface SlackMessage {
  /** The text of the message, or the fallback of its first attachment. */
  readonly text: string;
  readonly attachments: readonly SlackAttachment[];
  /** The path that it was posted to; it tells which webhook of a server with several. */
  readonly path: string;
  readonly at: number;
}

export interface SlackAttachment {
  readonly title?: string;
  readonly title_link?: string;
  readonly text?: string;
  readonly fallback?: string;
  readonly color?: string;
  readonly footer?: string;
}

/** An answer that Slack gives instead of taking a message; with status 0 it cuts the connection. */
export interface SlackRefusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfterS?: number;
}

export interface SlackServer extends AsyncDisposable {
  readonly port: number;
  /** The URL of the webhook, whose path is a secret; `urlOf` names another channel's. */
  readonly webhookUrl: string;
  urlOf(channel: string): string;
  /** What was taken, oldest first. */
  readonly messages: readonly SlackMessage[];
  /** The status of every answer, refusals included. */
  readonly statuses: readonly number[];
  /** What the next posts are answered, one each, whatever they hold. */
  refuse(...refusals: readonly SlackRefusal[]): void;
}

export const slackRateLimited: SlackRefusal = {
  status: 429,
  body: 'rate_limited',
  retryAfterS: 1,
};

const BODY_BYTES_MAX = 256 * 1024;
const ATTACHMENTS_MAX = 100;
const SECRET = 'T00000000/B00000000';

/**
 * A stand-in of Slack's incoming webhooks: a real HTTP server that takes what they take, and refuses what they
 * refuse with the same words: `invalid_payload`, `no_text`, `no_service`, `too_many_attachments`, `rate_limited`.
 */
export async function startSlackServer(token = 'XXXXXXXXXXXXXXXXXXXXXXXX'): Promise<SlackServer> {
  const messages: SlackMessage[] = [];
  const statuses: number[] = [];
  const refusals: SlackRefusal[] = [];
  const answer = (response: ServerResponse, { status, body, retryAfterS }: SlackRefusal): void => {
    statuses.push(status);
    if (status === 0) return void response.destroy();
    response.writeHead(status, {
      'content-type': 'text/html',
      ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    });
    return void response.end(body);
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const planned = refusals.shift();
    if (planned) return answer(response, planned);
    const path = request.url ?? '/';
    if (request.method !== 'POST') return answer(response, { status: 405, body: 'bad_method' });
    const known = path.startsWith(`/services/${SECRET}/`) && path.split('/')[4]?.startsWith(token);
    if (!known) return answer(response, { status: 404, body: 'no_service' });
    const payload = payloadOf(body, request.headers['content-type'] ?? '');
    const fault = faultOf(payload);
    if (fault !== undefined) return answer(response, { status: 400, body: fault });
    const { text, attachments = [] } = payload as Partial<SlackMessage>;
    const shown = text || attachments[0]?.fallback || '';
    messages.push({ text: shown, attachments, path, at: Date.now() });
    answer(response, { status: 200, body: 'ok' });
  };
  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const urlOf = (channel: string) =>
    `http://127.0.0.1:${port}/services/${SECRET}/${token}${channel}`;
  return {
    port,
    webhookUrl: urlOf(''),
    urlOf,
    messages,
    statuses,
    refuse: (...more) => void refusals.push(...more),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk);
    if (body.length > BODY_BYTES_MAX) throw new Error(`More than ${BODY_BYTES_MAX} bytes.`);
  }
  return body;
}

/** JSON, or a form whose field `payload` holds it. */
function payloadOf(body: string, type: string): unknown {
  const form = type.startsWith('application/x-www-form-urlencoded');
  try {
    return JSON.parse(form ? (new URLSearchParams(body).get('payload') ?? '') : body) as unknown;
  } catch {
    return undefined;
  }
}

function faultOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    return 'invalid_payload';
  }
  const { text, attachments, blocks } = payload as Readonly<Record<string, unknown>>;
  if (text !== undefined && typeof text !== 'string') return 'invalid_payload';
  if (attachments !== undefined && !Array.isArray(attachments)) return 'invalid_payload';
  if (Array.isArray(attachments) && attachments.length > ATTACHMENTS_MAX) {
    return 'too_many_attachments';
  }
  const shown = (Array.isArray(attachments) && attachments.length > 0) || Array.isArray(blocks);
  return text || shown ? undefined : 'no_text';
}
