import type { Anthropic } from '@anthropic-ai/sdk';
import { AosError, foreignProblemsOf, type JsonSchema } from '@aos/core';

import type { ModelRequest } from './model.ts';
import { formatInWords, formatOf } from './output-format.ts';

/** Thinking counts, so this is generous; the provider bills what is used. */
const OUTPUT_TOKENS_MAX = 32_000;
const PROMPT_BYTES_MAX = 8 * 1024 * 1024;

/** The first turn of a request in the provider's words, checked before anything is sent or billed. */
export function paramsOf(request: ModelRequest, model: string): Anthropic.MessageStreamParams {
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

function compile(schema: JsonSchema): void {
  try {
    foreignProblemsOf(schema, null);
  } catch (cause) {
    if (!(cause instanceof AosError)) throw cause;
    throw new AosError('skill_input_invalid', cause.message, { cause });
  }
}
