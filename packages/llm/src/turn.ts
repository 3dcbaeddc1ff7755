import type { Anthropic } from '@anthropic-ai/sdk';
import { addUsage, AosError, type Usage } from '@aos/core';

import { failureOfCall } from './claude-failure.ts';
import { costOf, isFree } from './prices.ts';
import { remark } from './remark.ts';

export interface TurnContext {
  readonly client: Anthropic;
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly timeout: AbortSignal;
  /** What earlier turns of the same call used; a failure carries the sum. */
  readonly spent: Usage | undefined;
}

export interface Turn {
  readonly text: string;
  readonly content: readonly Anthropic.ContentBlock[];
  readonly toolUse: Anthropic.ToolUseBlock | undefined;
  readonly stopReason: string;
  readonly usage: Usage;
}

/** For a rough count of what arrived of an answer that was cut off. */
const CHARS_PER_TOKEN = 4;
const MODEL_CHARS_MAX = 100;

/**
 * One request, streamed: a long answer keeps the connection alive, and one that breaks off is noticed,
 * since it never says that it is complete.
 */
export async function takeTurn(
  params: Anthropic.MessageStreamParams,
  context: TurnContext,
): Promise<Turn> {
  const { client, signal, timeout } = context;
  let seen: Anthropic.Message | undefined;
  let message: Anthropic.Message;
  try {
    const stream = client.messages.stream(params, { signal: AbortSignal.any([signal, timeout]) });
    stream.on('streamEvent', (_event, snapshot) => {
      seen = snapshot;
    });
    message = await stream.finalMessage();
  } catch (error) {
    const usage = addUsage(context.spent, seen && partialUsage(seen, context, params.model));
    throw failureOfCall(error, { ...context, model: params.model, usage });
  }
  return turnOf(message, context, params.model);
}

function turnOf(message: Anthropic.Message, context: TurnContext, asked: string): Turn {
  const { content } = message;
  const usage = usageOf(message, count(message.usage?.output_tokens), context, asked);
  const fail = (code: 'model_refused' | 'model_truncated', detail: string) =>
    new AosError(code, detail, { usage: addUsage(context.spent, usage) });
  const stopReason = message.stop_reason ?? 'none';
  switch (stopReason) {
    case 'refusal': {
      const { category, explanation } = message.stop_details ?? {};
      const why = explanation ?? (category ? `category ${category}` : 'it gave no reason');
      throw fail('model_refused', `${usage.model} refused: ${remark(why, context.apiKey)}`);
    }
    case 'max_tokens':
      throw fail('model_truncated', `${usage.model} reached its limit of output tokens.`);
    case 'model_context_window_exceeded':
      throw fail('model_truncated', `${usage.model} ran out of room in its context window.`);
    case 'pause_turn':
      throw fail('model_truncated', `${usage.model} paused before it had finished.`);
    default:
      break;
  }
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const toolUse = content.find((block) => block.type === 'tool_use');
  return { text, content, toolUse, stopReason, usage };
}

/** Billed, but never counted by the host: the input is known, the output is estimated from what came. */
function partialUsage(message: Anthropic.Message, context: TurnContext, asked: string): Usage {
  const content = Array.isArray(message.content) ? message.content : [];
  const chars = content.reduce(
    (sum, block) => sum + (block.type === 'text' ? block.text.length : 0),
    0,
  );
  const output = Math.max(count(message.usage?.output_tokens), Math.ceil(chars / CHARS_PER_TOKEN));
  return usageOf(message, output, context, asked);
}

/** Trusts no type here: any host may speak this protocol, and some leave counts out. */
function usageOf(
  message: Anthropic.Message,
  outputTokens: number,
  context: TurnContext,
  asked: string,
): Usage {
  const usage: Partial<Anthropic.Usage> = message.usage ?? {};
  const model =
    typeof message.model === 'string' && message.model !== ''
      ? remark(message.model.slice(0, MODEL_CHARS_MAX), context.apiKey)
      : asked;
  const tokens = {
    inputTokens: count(usage.input_tokens),
    outputTokens,
    cacheReadTokens: count(usage.cache_read_input_tokens),
    cacheWriteTokens: count(usage.cache_creation_input_tokens),
  };
  const costUsd = isFree(model, context.baseUrl) ? 0 : costOf(model, tokens, new Date());
  return { model, ...tokens, costUsd };
}

function count(tokens: number | null | undefined): number {
  return typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens > 0 ? tokens : 0;
}
