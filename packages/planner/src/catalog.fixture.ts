import type { Catalog, JsonSchema, SkillManifest } from '@aos/core';

const text = { type: 'string' } as const;
const json = {} as const;
const count = { type: 'integer', minimum: 0 } as const;
const list = (items: JsonSchema) => ({ type: 'array', items }) as const;
const object = (properties: Record<string, JsonSchema>, required: readonly string[] = []) => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties,
});

/** A catalog with the names and schemas of the skills that planners know of. For tests only. */
export const fixtureCatalog: Catalog = new Map(
  [
    skill(
      'http_request',
      object(
        {
          url: { type: 'string', pattern: '^https?://', maxLength: 2048 },
          method: { enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] },
          headers: { type: 'object', additionalProperties: text },
          query: { type: 'object' },
          json,
          form: { type: 'object' },
          text,
          expect: list(count),
        },
        ['url'],
      ),
      object({
        url: text,
        status: count,
        headers: { type: 'object' },
        contentType: text,
        bytes: count,
        text,
        json,
        redirects: list(text),
      }),
    ),
    skill(
      'html_extract',
      object(
        {
          html: text,
          contentType: text,
          baseUrl: text,
          extract: {
            type: 'array',
            uniqueItems: true,
            items: { enum: ['headings', 'links', 'tables', 'text', 'title', 'meta'] },
          },
          selector: text,
        },
        ['html'],
      ),
      object({
        title: text,
        headings: list(object({ level: count, text })),
        links: list(object({ text, url: text })),
        tables: list(
          object({
            caption: { type: ['string', 'null'] },
            headers: list(text),
            rows: list(list(text)),
          }),
        ),
        text,
        meta: { type: 'object' },
        language: text,
      }),
    ),
    skill(
      'json_transform',
      object({ data: json, expression: text, patch: list({}), schema: { type: 'object' } }, [
        'data',
      ]),
      object({ result: json }, ['result']),
    ),
    skill(
      'llm_invoke',
      object(
        {
          prompt: text,
          input: json,
          task: { enum: ['answer', 'summarize', 'classify', 'extract'] },
          system: text,
          schema: { type: 'object' },
          maxTokens: count,
          sentences: { type: 'integer', minimum: 1, maximum: 20 },
        },
        ['prompt'],
      ),
      object({ text, json, model: text, provider: text, offline: { type: 'boolean' } }),
    ),
    skill(
      'system_read_file',
      object({ name: text, encoding: { enum: ['utf8', 'base64'] } }, ['name']),
      object({ name: text, text, base64: text, mediaType: text, bytes: count, digest: text }),
    ),
    skill(
      'system_write_file',
      object({ name: text, content: json, mediaType: text }, ['name', 'content']),
      object({ name: text, mediaType: text, bytes: count, digest: text }),
    ),
    skill(
      'postgres_query',
      object({ connection: text, sql: text, parameters: list({}), rowsMax: count }, ['sql']),
      object({
        columns: list(text),
        rows: list({}),
        rowCount: count,
        truncated: { type: 'boolean' },
      }),
    ),
    skill(
      'log_report',
      object(
        {
          title: { type: 'string', minLength: 1, maxLength: 200 },
          format: { enum: ['markdown', 'html', 'json'] },
          sections: {
            type: 'array',
            minItems: 1,
            items: object({ heading: text, content: json }, ['heading', 'content']),
          },
          name: text,
          level: { enum: ['info', 'warn', 'error'] },
        },
        ['title', 'sections'],
      ),
      object({ name: text, mediaType: text, bytes: count, digest: text, title: text }),
    ),
  ].map((manifest) => [manifest.name, manifest]),
);

function skill(name: string, input: JsonSchema, output: JsonSchema): SkillManifest {
  return {
    name,
    version: '1.0.0',
    description: `Do ${name}.`,
    input,
    output,
    effect: 'read',
    permissions: [],
    limits: { timeoutMs: 10_000, timeoutMaxMs: 60_000, outputBytes: 1_000_000 },
    cost: { kind: 'free' },
    failures: [],
    examples: [],
  };
}
