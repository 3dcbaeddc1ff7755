import type { Json, JsonObject, JsonSchema, Problem, Usage } from '@aos/core';

/**
 * A language model behind whatever speaks for it. Never retries: the engine does, by the failure's code.
 * Every failure is an AosError that carries what was used up to it, as far as that is known.
 */
export interface Model {
  readonly provider: 'anthropic';
  readonly defaultModel: string;
  complete(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer>;
}

export interface ModelRequest {
  readonly system?: string;
  /** Marks the system text for the provider's prompt cache: worth it when the same text comes again soon. */
  readonly cacheSystem?: boolean;
  readonly prompt: string;
  /** The answer comes back parsed in `json` and holds this schema, if need be after repair. */
  readonly schema?: JsonSchema;
  /** What else must hold of `json`; its problems are repaired like those of the schema. */
  readonly check?: (answer: Json) => readonly Problem[];
  /** A tool the model may call instead of answering. It is not run here. */
  readonly tool?: ModelTool;
  /** Of one turn, thinking included; 32,000 when absent. */
  readonly maxTokens?: number;
  readonly model?: string;
}

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly input: JsonSchema;
}

export interface ModelAnswer {
  readonly text: string;
  readonly json?: Json;
  /** The model chose to call the tool; its input holds the tool's schema. */
  readonly toolCall?: { readonly name: string; readonly input: JsonObject };
  /** The model that answered, by its own word. */
  readonly model: string;
  readonly stopReason: string;
  /** The sum over all turns. */
  readonly usage: Usage;
  /** Turns beyond the first that it took to get an answer that holds. */
  readonly repairs: number;
}
