import type { RecordedRequest } from './anthropic-request.ts';

/** Tokens as the provider counts them: `input` is what was neither read from the cache nor written to it. */
export interface ReplyUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

interface Common {
  /** What to bill; counted from the texts (a token for every 4 characters) where left out. */
  readonly usage?: Partial<ReplyUsage>;
  /** Sent before the answer, signed, with its text left out, as current models do by default. */
  readonly thinking?: boolean;
}

/** How the server behaves in one call. */
export type AnthropicReply =
  | (Common & { readonly do: 'text'; readonly text: string; readonly model?: string })
  /** `json` as the text of the answer. */
  | (Common & { readonly do: 'json'; readonly json: unknown })
  | (Common & { readonly do: 'tool'; readonly name?: string; readonly input: unknown })
  | (Common & { readonly do: 'refuse'; readonly why?: string })
  | (Common & {
      readonly do: 'truncate';
      readonly text: string;
      readonly by?: 'max_tokens' | 'model_context_window_exceeded' | 'pause_turn';
    })
  /** An HTTP status instead of an answer: 429, 529, 500, 401 and so on. */
  | {
      readonly do: 'fail';
      readonly status: number;
      readonly message?: string;
      /** A header: seconds, or an HTTP date. */
      readonly retryAfter?: string;
      /** `error.details.error_code`. */
      readonly code?: string;
    }
  /** An error event inside a 200 stream, after `text`. */
  | (Common & { readonly do: 'fail-later'; readonly type: string; readonly text?: string })
  /** The connection is reset, or closed as if all were well, after `text` (none: before any content). */
  | (Common & { readonly do: 'cut'; readonly how: 'reset' | 'close'; readonly text?: string })
  /** Nothing is ever answered, or nothing after the first event. */
  | (Common & { readonly do: 'hang'; readonly after: 'request' | 'start' })
  /** One character every so often, and pings. */
  | (Common & { readonly do: 'trickle'; readonly text: string; readonly everyMs: number })
  /** A 200 of any bytes. */
  | { readonly do: 'garbage'; readonly bytes: string; readonly contentType?: string }
  /** Content without end. */
  | (Common & { readonly do: 'flood' });

/** Replies in order, one for each call of `/v1/messages`, or a function that gives each. */
export type AnthropicScript =
  readonly Scripted[] | ((request: RecordedRequest, index: number) => AnthropicReply);
type Scripted = AnthropicReply | ((request: RecordedRequest) => AnthropicReply);

export function replyTo(request: RecordedRequest, index: number, script: AnthropicScript) {
  if (typeof script === 'function') return script(request, index);
  const scripted = script[index];
  if (scripted === undefined) {
    const message = `The script has ${script.length} replies; this is call ${index + 1}.`;
    return { do: 'fail', status: 500, message } satisfies AnthropicReply;
  }
  return typeof scripted === 'function' ? scripted(request) : scripted;
}

export interface Block {
  readonly type: string;
  readonly text?: string;
  readonly input?: unknown;
  readonly signature?: string;
}

export interface Message {
  readonly content: readonly Block[];
  readonly stopReason: string | null;
  readonly stopDetails: object | null;
}

/** The whole message a reply amounts to, as far as it gets. */
export function messageOf(reply: AnthropicReply, request: RecordedRequest): Message {
  const end = (content: Block[], stopReason: string | null, stopDetails: object | null = null) => {
    const thinking = 'thinking' in reply && reply.thinking ? [THINKING] : [];
    return { content: [...thinking, ...content], stopReason, stopDetails };
  };
  switch (reply.do) {
    case 'text':
    case 'trickle':
      return end([text(reply.text)], 'end_turn');
    case 'json':
      return end([text(JSON.stringify(reply.json))], 'end_turn');
    case 'tool': {
      const name = reply.name ?? request.body.tools?.[0]?.name ?? 'none';
      const { input } = reply;
      const block = { type: 'tool_use', id: `toolu_${request.id}`, name, input };
      return end([block], 'tool_use');
    }
    case 'refuse':
      return end([], 'refusal', {
        type: 'refusal',
        category: 'general_harms',
        explanation: reply.why ?? null,
      });
    case 'truncate':
      return end([text(reply.text)], reply.by ?? 'max_tokens');
    case 'cut':
    case 'fail-later':
      return end(reply.text === undefined ? [] : [text(reply.text)], null);
    default:
      return end([], null);
  }
}

const THINKING = { type: 'thinking', thinking: '', signature: 'c2lnbmVkIGJ5IHRoZSBkb3VibGU=' };

function text(value: string) {
  return { type: 'text', text: value, citations: null };
}
