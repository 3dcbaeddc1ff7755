import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

import { TookTooLong, within } from './bounded.ts';
import { AosError, type FailureCode, type Problem } from './failures.ts';

export type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/** JSON Schema 2020-12, as data: Ajv validates with it, OpenAPI and the Messages API embed it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
// ajv-formats is CommonJS: its function is the default export of its default export.
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);

const compiled = new WeakMap<object, (value: unknown) => readonly Problem[]>();
const foreign = new WeakMap<object, ValidateFunction>();

/** A schema from outside may hold patterns and references that never end. */
const FOREIGN_MS_MAX = 1_000;

/** At most this many problems are told at once; the rest is usually the same mistake again. */
const PROBLEMS_MAX = 20;

/** Everything in `value` that breaks `schema`; empty when it holds. Schemas are compiled once. */
export function problemsOf(schema: JsonSchema, value: unknown): readonly Problem[] {
  let check = compiled.get(schema);
  if (!check) {
    const validate = ajv.compile(schema);
    // Ajv would hold every schema it ever saw, and refuse a second one with the same $id.
    ajv.removeSchema(schema);
    check = (candidate) => (validate(candidate) ? [] : toProblems(validate.errors ?? []));
    compiled.set(schema, check);
  }
  return check(value);
}

/** Why `schema` is no usable JSON Schema; undefined when it is one. For schemas that come from outside. */
export function schemaFault(schema: unknown): string | undefined {
  try {
    compiledApart(new Ajv2020({ strict: false, logger: false }), schema as JsonSchema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * As `problemsOf`, for a schema that comes from outside: it is compiled apart and forgotten with the
 * schema, so it can neither collide with another one nor pile up. Throws `plan_invalid` for what is no
 * schema, and for one that this value cannot be checked against within a second.
 */
export function foreignProblemsOf(schema: JsonSchema, value: unknown): readonly Problem[] {
  let validate = foreign.get(schema);
  if (!validate) {
    const apart = new Ajv2020({ allErrors: true, strict: false, logger: false });
    // Formats are checked where they are known, as in our own schemas.
    (addFormats as unknown as (ajv: Ajv2020) => void)(apart);
    try {
      validate = compiledApart(apart, schema);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new AosError('plan_invalid', `The schema is no JSON Schema: ${why}`, { cause: error });
    }
    foreign.set(schema, validate);
  }
  return holds(validate, value) ? [] : toProblems(validate.errors ?? []);
}

function compiledApart(apart: Ajv2020, schema: JsonSchema): ValidateFunction {
  const validate = within(FOREIGN_MS_MAX, () => apart.compile(schema));
  // It would answer with a promise, whose rejection nobody hears: that ends the process.
  if ('$async' in validate) throw new Error('$async is not allowed');
  return validate;
}

function holds(validate: ValidateFunction, value: unknown): boolean {
  try {
    return within(FOREIGN_MS_MAX, () => validate(value));
  } catch (error) {
    // A reference to itself overflows the stack; a bad pattern, or references that double, take for ever.
    if (!(error instanceof TookTooLong || error instanceof RangeError)) throw error;
    throw new AosError('plan_invalid', 'The schema cannot be checked: it does not end.', {
      cause: error,
    });
  }
}

/**
 * A parser: returns the value as `T`, or throws one AosError of `code` that names every wrong path.
 * `what` opens the sentence, as in "The request body: …".
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the schema stands for the type
export function parser<T>(
  schema: JsonSchema,
  code: FailureCode,
  what: string,
): (value: unknown) => T {
  return (value) => {
    const problems = problemsOf(schema, value);
    if (problems.length > 0)
      throw new AosError(code, `${what}: ${sentence(problems)}`, { problems });
    return value as T;
  };
}

/** The problems as one sentence for a person. */
export function sentence(problems: readonly Problem[]): string {
  return problems
    .map(({ pointer, detail }) => (pointer === '#' ? detail : `${pointer} ${detail}`))
    .join('; ');
}

function toProblems(errors: readonly ErrorObject[]): Problem[] {
  // A failed branch of anyOf/oneOf repeats its parent's message in smaller words: keep both, bounded.
  return errors.slice(0, PROBLEMS_MAX).map((error) => ({
    pointer: `#${error.instancePath}`,
    detail: detailOf(error),
  }));
}

function detailOf(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `has the unknown field ${JSON.stringify(params['additionalProperty'] ?? params['unevaluatedProperty'])}`;
    case 'required':
      return `lacks the field ${JSON.stringify(params['missingProperty'])}`;
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).map((v) => JSON.stringify(v)).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    default:
      return error.message ?? `breaks the rule ${error.keyword}`;
  }
}
