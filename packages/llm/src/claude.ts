import { Anthropic } from '@anthropic-ai/sdk';
import { addUsage, AosError, problemsOfForeign, type JsonObject, type JsonSchema, type Usage } from '@aos/core';

import { readAnswer, REPAIRABLE_CHARS_MAX, repairText, type Reading } from './answer.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { Model, ModelAnswer, ModelRequest } from './model.ts';
import { formatInWords, formatOf } from './output-format.ts';
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
/** Thinking counts, so this is generous; the provider bills what is used. */
const OUTPUT_TOKENS_MAX = 32_000;
const PROMPT_BYTES_MAX = 8 * 1024 * 1024;
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

function paramsOf(request: ModelRequest, model: string): Anthropic.MessageStreamParams {
  const { schema, tool } = request;
  for (const given of [schema, tool?.input]) if (given) compile(given);
  const format = schema && formatOf(schema);
  const system: Anthropic.TextBlockParam[] = [
    ...(request.system ? [request.system] : []),
    ...(schema && !format ? [formatInWords(schema)] : []),
  ].map((text) => ({ type: 'text', text }));
  const last = system.at(-1);
  if (last && request.cacheSystem) last.cache_control = { type: 'ephemeral' };
  const params: Anthropic.MessageStreamParams = {
    model,
    max_tokens: request.maxTokens ?? OUTPUT_TOKENS_MAX,
    messages: [{ role: 'user', content: request.prompt }],
    ...(system.length > 0 && { system }),
    ...(format && { output_config: { format: { type: 'json_schema', schema: { ...format } } } }),
    ...(tool && {
      tools: [
        {
          name: tool.name,
          description: tool.description,
          input_schema: tool.input as Anthropic.Tool.InputSchema,
        },
      ],
      // Current models refuse to be forced to a tool.
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    }),
  };
  const bytes = Buffer.byteLength(JSON.stringify(params));
  if (bytes > PROMPT_BYTES_MAX) {
    throw new AosError(
      'payload_too_large',
      `The prompt is ${bytes} bytes; at most ${PROMPT_BYTES_MAX} are sent to a model.`,
    );
  }
  return params;
}

/** Before anything is billed. */
function compile(schema: JsonSchema): void {
  try {
    problemsOfForeign(schema, null);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AosError('skill_input_invalid', `The schema asked for cannot be used: ${why}.`, {
      cause,
    });
  }
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
  if (turn.content.length === 0) return [{ role: 'user', content: text }];
  const { toolUse } = turn;
  return [
    { role: 'assistant', content: turn.content as Anthropic.ContentBlockParam[] },
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
