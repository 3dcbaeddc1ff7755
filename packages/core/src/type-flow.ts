import type { Problem } from './failures.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { formatReference, loneReference, referencesIn, type Reference } from './reference.ts';
import { problemsOf, type JsonSchema } from './schema.ts';

/**
 * Checks the input of a step against the skill's schema before anything runs. Literal parts are
 * validated as they are; a lone reference is compared by type; anything the schemas leave open passes,
 * since the skill's boundary validates the resolved input again.
 */
export function inputProblems(
  input: JsonObject,
  schema: JsonSchema,
  pointer: string,
  typeOf: (reference: Reference) => Json | undefined,
): Problem[] {
  const literal = referencesIn(input).length === 0;
  if (literal) {
    return problemsOf(schema, input).map((problem) => ({
      pointer: pointer + problem.pointer.slice(1),
      detail: problem.detail,
    }));
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const problems: Problem[] = [];
  const required = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
  for (const name of required) {
    if (!Object.hasOwn(input, name)) {
      problems.push({ pointer, detail: `lacks the field ${JSON.stringify(name)}` });
    }
  }
  for (const [name, value] of Object.entries(input)) {
    const at = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!Object.hasOwn(properties, name)) {
      if (schema['additionalProperties'] === false) {
        problems.push({ pointer, detail: `has the unknown field ${JSON.stringify(name)}` });
      }
      continue;
    }
    problems.push(...valueProblems(value, properties[name] as Json, at, typeOf));
  }
  return problems;
}

function valueProblems(
  value: Json,
  schema: Json,
  pointer: string,
  typeOf: (reference: Reference) => Json | undefined,
): Problem[] {
  if (!isObject(schema)) return [];
  const reference = loneReference(value);
  if (reference) {
    const given = typeOf(reference);
    const wrong = given === undefined ? undefined : mismatch(given, schema);
    return wrong ? [{ pointer, detail: `${formatReference(reference)}: ${wrong}` }] : [];
  }
  if (referencesIn(value).length > 0) {
    const wrong = typeof value === 'string' ? mismatch({ type: 'string' }, schema) : undefined;
    return wrong ? [{ pointer, detail: wrong }] : [];
  }
  return problemsOf(schema as JsonSchema, value).map((problem) => ({
    pointer: pointer + problem.pointer.slice(1),
    detail: problem.detail,
  }));
}

/** Why a value of schema `given` can never satisfy `wanted`; undefined when it may. Types only. */
export function mismatch(given: Json, wanted: Json): string | undefined {
  const from = typesOf(given);
  const to = typesOf(wanted);
  if (!from || !to) return undefined;
  const fits = from.some(
    (type) =>
      to.includes(type) ||
      (type === 'integer' && to.includes('number')) ||
      (type === 'number' && to.includes('integer')),
  );
  return fits ? undefined : `gives ${from.join(' or ')} where ${to.join(' or ')} is wanted`;
}

/**
 * The schema found by following a path; undefined where the schema leaves it open, `false`, which
 * no value satisfies, where the schema is closed and has no such property.
 */
export function schemaAt(
  schema: Json | undefined,
  path: readonly (string | number)[],
): Json | undefined {
  const [part, ...rest] = path;
  if (part === undefined || !isObject(schema)) return schema;
  if (typeof part === 'number') {
    if (typesOf(schema)?.includes('array') === false) return false;
    if ('prefixItems' in schema) return undefined;
    return schemaAt(schema['items'], rest);
  }
  const types = typesOf(schema);
  if (types && !types.includes('object')) return false;
  const properties = schema['properties'];
  if (isObject(properties) && Object.hasOwn(properties, part)) {
    return schemaAt(properties[part], rest);
  }
  const open = schema['additionalProperties'] !== false || 'patternProperties' in schema;
  return open || !isObject(properties) ? undefined : false;
}

function typesOf(schema: Json): readonly string[] | undefined {
  if (!isObject(schema)) return undefined;
  const type = schema['type'];
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? (type as string[]) : undefined;
}
