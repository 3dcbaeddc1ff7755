import { Anthropic } from '@anthropic-ai/sdk';
import { addUsage, AosError, type JsonObject, type Usage } from '@aos/core';

import { readAnswer, REPAIRABLE_CHARS_MAX, repairText, type Reading } from './answer.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { Model, ModelAnswer, ModelRequest } from './model.ts';
import { paramsOf } from './params.ts';
import { takeTurn, type Turn } from './turn.ts';

export interface ClaudeOptions {
  readonly apiKey: string;
  readonly baseUrl?: string;
  readonly model?: string;
  /** Of one call of `complete`, all of its turns together. */
  readonly timeoutMs?: number;
  /** Largest body the host may send for one turn. */
  readonly answerBytesMax?: number;
}

export const CLAUDE_URL = 'https://api.anthropic.com';
export const CLAUDE_MODEL = 'claude-sonnet-5-5';
const TIMEOUT_MS = 600_000;
/** Turns beyond the first. */
export const REPAIRS_MAX = 2;

/** Claude, or any host that speaks its Messages API. The key stays in this closure. */
export function createClaude(options: ClaudeOptions): Model {
  const { apiKey, baseUrl = CLAUDE_URL, model: defaultModel = CLAUDE_MODEL } = options;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  if (!/^[\u0021-\u007e]+$/.test(apiKey)) {
    throw new AosError(
      'model_not_configured',
      'ANTHROPIC_API_KEY is empty or holds a character that no HTTP header may carry.',
    );
  }
  // Whatever is left out here the SDK would look up in the environment.
  const client = new Anthropic({
    apiKey,
    baseURL: baseUrl,
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: 'off',
    openTelemetry: { propagation: false },
    fetch: boundedFetch(options.answerBytesMax),
  });

  return {
    provider: 'anthropic',
    defaultModel,
    async complete(request, signal) {
      const params = paramsOf(request, request.model ?? defaultModel);
      const context = { client, apiKey, baseUrl, timeoutMs, signal };
      const timeout = AbortSignal.timeout(timeoutMs);
      let spent: Usage | undefined;
      for (let repairs = 0; ; repairs++) {
        const turn = await takeTurn(params, { ...context, timeout, spent });
        spent = addUsage(spent, turn.usage) as Usage;
        const reading = read(turn, request);
        if (!('problems' in reading)) return { ...answerOf(turn, spent, repairs), ...reading };
        if (repairs === REPAIRS_MAX || turn.text.length > REPAIRABLE_CHARS_MAX) {
          throw unusable(reading, repairs, spent);
        }
        params.messages.push(...repairTurns(turn, reading));
      }
    },
  };
}

type Read = Reading | Pick<ModelAnswer, 'toolCall'>;

function read(turn: Turn, { schema, check, tool }: ModelRequest): Read {
  const { toolUse } = turn;
  if (toolUse) {
    if (toolUse.name !== tool?.name) {
      return { problems: [{ pointer: '#', detail: `calls the unknown tool ${toolUse.name}` }] };
    }
    const input = readAnswer(JSON.stringify(toolUse.input), tool.input);
    if ('problems' in input) return input;
    return { toolCall: { name: tool.name, input: input.json as JsonObject } };
  }
  return schema ? readAnswer(turn.text, schema, check) : {};
}

function answerOf(turn: Turn, usage: Usage, repairs: number): ModelAnswer {
  return { text: turn.text, model: turn.usage.model, stopReason: turn.stopReason, usage, repairs };
}

/** The answer goes back whole: its thinking is signed, and a tool call must be answered by its id. */
function repairTurns(turn: Turn, { problems }: Unusable): Anthropic.MessageParam[] {
  const text = repairText(problems);
  const { toolUse } = turn;
  // The provider takes no empty text back.
  const content = turn.content.filter((block) => block.type !== 'text' || block.text.trim());
  if (content.length === 0) return [{ role: 'user', content: text }];
  return [
    { role: 'assistant', content: content as Anthropic.ContentBlockParam[] },
    {
      role: 'user',
      content: toolUse
        ? [{ type: 'tool_result', tool_use_id: toolUse.id, content: text, is_error: true }]
        : text,
    },
  ];
}

type Unusable = Extract<Reading, { problems: unknown }>;

function unusable({ problems }: Unusable, repairs: number, usage: Usage): AosError {
  const [{ pointer, detail }] = problems;
  const more = problems.length > 1 ? ` and ${problems.length - 1} more` : '';
  return new AosError(
    'model_output_invalid',
    `The answer of ${usage.model} cannot be used after ${repairs} repairs: ${pointer} ${detail}${more}.`,
    { problems, usage },
  );
}
