import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import type { AnthropicReply, Block, Message, ReplyUsage } from './anthropic-reply.ts';

/** Characters of a text in one delta, so that a stream has several. */
const DELTA_CHARS = 24;

export interface Outgoing {
  readonly response: ServerResponse;
  readonly reply: AnthropicReply;
  readonly message: Message;
  readonly usage: ReplyUsage;
  readonly id: string;
  readonly model: string;
  readonly closing: AbortSignal;
}

/** The message as server-sent events, in the provider's order, as far as the reply lets it get. */
export async function streamMessage(out: Outgoing): Promise<void> {
  const { response, reply, message, usage, closing } = out;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const send = (type: string, data: object) => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  };
  // As the provider does: the first event counts the first token, the last one all of them.
  const first = wireUsage({ ...usage, output: 1 });
  const start = { ...envelope(out), content: [], stop_reason: null, usage: first };
  send('message_start', { message: start });
  send('ping', {});
  if (reply.do === 'hang') return;
  if (reply.do === 'flood') return flood(out, send);
  for (const [index, block] of message.content.entries()) {
    send('content_block_start', { index, content_block: emptied(block) });
    for (const delta of deltasOf(block, reply.do === 'trickle' ? 1 : DELTA_CHARS)) {
      send('content_block_delta', { index, delta });
      if (reply.do === 'trickle') {
        if (response.destroyed || closing.aborted) return;
        send('ping', {});
        await pause(reply.everyMs, undefined, { signal: closing }).catch(() => undefined);
      }
    }
    if (reply.do === 'cut' || reply.do === 'fail-later') break;
    send('content_block_stop', { index });
  }
  if (reply.do === 'cut') {
    // What was written reaches the client before the reset does, or the cut would come too early.
    await drained(response);
    return reply.how === 'reset' ? void response.destroy() : void response.end();
  }
  if (reply.do === 'fail-later') {
    send('error', { error: { type: reply.type, message: 'The double was told to fail.' } });
    return void response.end();
  }
  send('message_delta', {
    delta: {
      stop_reason: message.stopReason,
      stop_sequence: null,
      stop_details: message.stopDetails,
      container: null,
    },
    usage: wireUsage(usage),
  });
  send('message_stop', {});
  response.end();
}

/** The message as one JSON body. */
export function envelope({ id, model, message, usage }: Outgoing) {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: message.content,
    stop_reason: message.stopReason,
    stop_sequence: null,
    stop_details: message.stopDetails,
    container: null,
    diagnostics: null,
    usage: wireUsage(usage),
  };
}

function wireUsage({ input, output, cacheRead, cacheWrite }: ReplyUsage) {
  return {
    input_tokens: input,
    output_tokens: output,
    cache_read_input_tokens: cacheRead,
    cache_creation_input_tokens: cacheWrite,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: 'standard',
  };
}

function emptied(block: Block): object {
  if (block.type === 'text') return { ...block, text: '' };
  if (block.type === 'tool_use') return { ...block, input: {} };
  return { ...block, signature: '' };
}

function deltasOf(block: Block, chars: number): object[] {
  if (block.type === 'text') {
    return chunks(block.text ?? '', chars).map((text) => ({ type: 'text_delta', text }));
  }
  if (block.type === 'tool_use') {
    const parts = chunks(JSON.stringify(block.input), chars);
    return parts.map((partial) => ({ type: 'input_json_delta', partial_json: partial }));
  }
  return [{ type: 'signature_delta', signature: block.signature ?? '' }];
}

/** Whole characters: a surrogate pair is never split over two events. */
function chunks(text: string, chars: number): string[] {
  const points = Array.from(text);
  return Array.from({ length: Math.ceil(points.length / chars) }, (_, index) =>
    points.slice(index * chars, (index + 1) * chars).join(''),
  );
}

async function flood(
  { response, closing }: Outgoing,
  send: (type: string, data: object) => void,
): Promise<void> {
  send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  const delta = { type: 'text_delta', text: 'x'.repeat(16_384) };
  while (!response.destroyed && !closing.aborted) {
    send('content_block_delta', { index: 0, delta });
    if (response.writableNeedDrain) await drained(response);
  }
}

async function drained(response: ServerResponse): Promise<void> {
  const done = Promise.withResolvers<void>();
  response.once('close', done.resolve);
  response.write(': \n\n', () => done.resolve());
  await done.promise;
  response.off('close', done.resolve);
}
