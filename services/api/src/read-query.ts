import { AosError, problemsOf, sentence, storableText, type JsonSchema } from '@aos/core';

const EMPTY = { type: 'object', additionalProperties: false } as const satisfies JsonSchema;

/** The query of a URL as its schema describes it. What the schema does not name is refused. */
export function readQuery(url: string, schema: JsonSchema = EMPTY): unknown {
  const mark = url.indexOf('?');
  const query = read(new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)), schema);
  const problems = problemsOf(schema, query);
  if (problems.length > 0) {
    throw new AosError('invalid_request', `The query: ${sentence(problems)}`, { problems });
  }
  return query;
}

function read(parameters: URLSearchParams, schema: JsonSchema): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const query = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of parameters) {
    if (name in query) {
      const problems = [{ pointer: `#/${name}`, detail: 'is given twice' }];
      throw new AosError('invalid_request', `The query: ${sentence(problems)}`, { problems });
    }
    const whole = Object.hasOwn(properties, name) && properties[name]?.['type'] === 'integer';
    query[name] = whole && /^-?\d{1,15}$/.test(text) ? Number(text) : storableText(text);
  }
  return query;
}
