import type { JsonSchema } from '@aos/core';

const ID = '^[a-z][a-z0-9_]{0,39}$';
const id = { type: 'string', pattern: ID } as const;
const sentence = { type: 'string', minLength: 1, maxLength: 300 } as const;
const line = { type: 'string', minLength: 1, maxLength: 500 } as const;
const span = { type: 'string', pattern: '^[0-9]{1,4}(ms|s|m)$' } as const;
const source = {
  metric: line,
  get: { type: 'string', pattern: '^/', maxLength: 500 },
  pick: { type: 'string', pattern: '^[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)*$', maxLength: 200 },
  promql: { type: 'string', minLength: 1, maxLength: 1000 },
} as const;

function block(required: readonly string[], properties: Readonly<Record<string, JsonSchema>>) {
  return { type: 'object', additionalProperties: false, required, properties } as JsonSchema;
}

/** What may stand in a block, by the word that says what kind it is. */
export const stepSchemas = {
  read: block(['read', 'say'], { read: id, say: sentence, ...source }),
  decide: block(['decide', 'say', 'if', 'goto', 'else'], {
    decide: id,
    say: sentence,
    if: line,
    goto: id,
    else: id,
    unknown: id,
  }),
  act: block(['act', 'say', 'radius'], {
    act: id,
    say: sentence,
    radius: sentence,
    call: { type: 'string', pattern: '^(POST|PUT|DELETE) /\\S+$', maxLength: 500 },
    body: {},
    scope: { type: 'string', minLength: 1, maxLength: 40 },
    command: {
      type: 'array',
      minItems: 1,
      maxItems: 40,
      items: { type: 'string', minLength: 1, maxLength: 500 },
    },
    background: { type: 'boolean' },
    careful: { type: 'boolean' },
  }),
  verify: block(['verify', 'say', 'until', 'within'], {
    verify: id,
    say: sentence,
    until: line,
    within: span,
    every: span,
    else: id,
    ...source,
  }),
} as const satisfies Record<string, JsonSchema>;

export type StepKind = keyof typeof stepSchemas;

export const frontMatterSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    vars: {
      type: 'object',
      propertyNames: { pattern: ID },
      additionalProperties: {
        type: 'object',
        required: ['about'],
        additionalProperties: false,
        properties: { about: sentence, default: { type: 'string', maxLength: 500 } },
      },
    },
  },
};
