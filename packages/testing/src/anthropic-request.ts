/** The body of `POST /v1/messages`, as far as tests look at it. */
export interface MessagesBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly system?: string | readonly SystemBlock[];
  readonly stream?: boolean;
  readonly tools?: readonly { readonly name: string; readonly input_schema: object }[];
  readonly tool_choice?: { readonly type: string };
  readonly thinking?: { readonly type: string };
  readonly output_config?: { readonly format?: { readonly schema: object } };
}

interface SystemBlock {
  readonly type: 'text';
  readonly text: string;
  readonly cache_control?: object;
}

export interface RecordedRequest {
  readonly id: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: MessagesBody;
  /** The body as it came, byte for byte. */
  readonly raw: string;
}

/** The system text as one, and the text of the last user turn. */
export function systemOf(request: RecordedRequest | undefined): string {
  const { system = '' } = request?.body ?? {};
  return typeof system === 'string' ? system : system.map(({ text }) => text).join('\n');
}

export function promptOf(request: RecordedRequest | undefined): string {
  const content = request?.body.messages.findLast(({ role }) => role === 'user')?.content;
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

/**
 * Why version 2026-10-21 of the API would answer 400 with the current models, where AOS could go wrong:
 * removed parameters, answers begun for the model, forced tools, formats it cannot hold to.
 */
export function faultOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return 'The body is not a JSON object.';
  const request = body as Partial<MessagesBody>;
  for (const gone of ['temperature', 'top_p', 'top_k']) {
    if (Object.hasOwn(body, gone)) return `${gone}: this parameter is not supported.`;
  }
  if (typeof request.model !== 'string') return 'model: field required';
  if (!Array.isArray(request.messages) || request.messages.length === 0) {
    return 'messages: at least one message is required';
  }
  const [first] = request.messages;
  if (first?.role !== 'user') return 'messages: first message must use the "user" role';
  if (request.messages.at(-1)?.role === 'assistant') {
    return 'This model does not support assistant message prefill.';
  }
  if (request.messages.some(({ content }) => isEmpty(content))) {
    return 'messages: text content blocks must be non-empty';
  }
  if (request.tool_choice?.type === 'tool' || request.tool_choice?.type === 'any') {
    return `tool_choice: "${request.tool_choice.type}" is not supported for this model.`;
  }
  if (request.thinking?.type === 'disabled' || request.thinking?.type === 'enabled') {
    return `"thinking.type.${request.thinking.type}" is not supported for this model.`;
  }
  return cacheFault(request) ?? formatFault(request.output_config?.format?.schema);
}

function isEmpty(content: unknown): boolean {
  if (typeof content === 'string') return content.trim() === '';
  const blocks = content as readonly { readonly text?: string }[];
  return blocks.length === 0 || blocks.some(({ text }) => text?.trim() === '');
}

function cacheFault({ system }: Partial<MessagesBody>): string | undefined {
  const marked = Array.isArray(system) ? system.filter((block) => block.cache_control) : [];
  return marked.length > 4
    ? 'A maximum of 4 blocks with cache_control may be provided.'
    : undefined;
}

const UNSUPPORTED = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'oneOf',
  'not',
  'if',
  'patternProperties',
  'propertyNames',
];

function formatFault(schema: unknown, at = 'output_config.format.schema'): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const keywords = schema as Record<string, unknown>;
  const bad = UNSUPPORTED.find((keyword) => Object.hasOwn(keywords, keyword));
  if (bad) return `${at}: property '${bad}' is not supported`;
  if (keywords['type'] === 'object' && keywords['additionalProperties'] !== false) {
    return `${at}: for 'object' type, 'additionalProperties' must be explicitly set to false`;
  }
  const properties = Object.entries(keywords['properties'] ?? {});
  const children: [string, unknown][] = [
    ...properties,
    ...Object.entries(keywords['anyOf'] ?? []),
    ['items', keywords['items']],
  ];
  for (const [name, child] of children) {
    const fault = formatFault(child, `${at}.${name}`);
    if (fault) return fault;
  }
  return undefined;
}
