import { isObject, type JsonSchema } from '@aos/core';
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';

/** Above these the provider refuses a format as too complex. */
const OPTIONAL_MAX = 24;
const UNIONS_MAX = 16;
const DEPTH_MAX = 32;

/**
 * The schema in the smaller language that the provider can hold an answer to, or undefined when that
 * would change its meaning: there every object is closed and nothing is recursive. What it leaves out,
 * such as lengths and patterns, moves into descriptions; the answer is validated here against the whole.
 */
export function formatOf(schema: JsonSchema): JsonSchema | undefined {
  const tally = { optional: 0, unions: 0 };
  if (schema['type'] !== 'object' || !isExpressible(schema, tally, 0)) return undefined;
  if (tally.optional > OPTIONAL_MAX || tally.unions > UNIONS_MAX) return undefined;
  try {
    return transformJSONSchema(schema);
  } catch {
    // It throws on what it cannot say, such as a property of any type.
    return undefined;
  }
}

/** What to tell the model when only words can. */
export function formatInWords(schema: JsonSchema): string {
  return [
    'Answer with exactly one JSON value and nothing else: no prose before or after it, no code fence.',
    'It must match this JSON Schema (2020-12):',
    JSON.stringify(schema),
  ].join('\n');
}

const CHILDREN = ['anyOf', 'allOf', 'items'] as const;
/** Keywords that decide what is valid and that no description can stand in for. */
const INEXPRESSIBLE = [
  '$ref',
  '$defs',
  'definitions',
  'oneOf',
  'not',
  'if',
  'patternProperties',
  'propertyNames',
  'prefixItems',
  'contains',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedProperties',
  'unevaluatedItems',
];

interface Tally {
  optional: number;
  unions: number;
}

function isExpressible(schema: unknown, tally: Tally, depth: number): boolean {
  if (!isObject(schema) || depth > DEPTH_MAX) return false;
  if (INEXPRESSIBLE.some((keyword) => Object.hasOwn(schema, keyword))) return false;
  if (schema['anyOf'] !== undefined || Array.isArray(schema['type'])) tally.unions++;
  const type = schema['type'];
  if (type === 'array' && !isObject(schema['items'])) return false;
  if (Array.isArray(type) && (type.includes('object') || type.includes('array'))) return false;
  if (type === 'object' && !isClosable(schema, tally, depth)) return false;
  return CHILDREN.flatMap((keyword) => schema[keyword] ?? []).every((child) =>
    isExpressible(child, tally, depth + 1),
  );
}

/** Closing an object that names its properties only narrows it; closing a map would empty it. */
function isClosable(schema: JsonSchema, tally: Tally, depth: number): boolean {
  const properties = schema['properties'];
  const extra = schema['additionalProperties'];
  if (!isObject(properties) || (extra !== undefined && extra !== false)) return false;
  const names = Object.keys(properties);
  const required = (schema['required'] ?? []) as readonly string[];
  if (names.length === 0 || !required.every((name) => names.includes(name))) return false;
  tally.optional += names.length - required.length;
  return Object.values(properties).every((property) => isExpressible(property, tally, depth + 1));
}
