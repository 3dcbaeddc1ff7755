import type { Json, JsonSchema } from '@aos/core';
// Not by way of the index: a child that only patches need not load the validator.
import { applyPatch, PatchError, type PatchOperation } from '@aos/core/json-patch';
import jsonata from 'jsonata';

import { task, type TaskResult } from './task.ts';

export interface TransformInput {
  readonly data: Json;
  readonly expression?: string;
  readonly patch?: readonly PatchOperation[];
  readonly schema?: JsonSchema;
  readonly resultBytesMax: number;
}

/** Softer limits inside the hard ones, for the sake of a better message. */
const STACK_MAX = 2000;
const SEQUENCE_MAX = 1_000_000;
const STOPPED = new Set(['D1011', 'D1012', 'D2014', 'D2015']);

/** The same input must give the same bytes, and text in the data must never be run. */
const UNAVAILABLE = ['now', 'millis', 'random', 'shuffle', 'eval'];

/** Runs in a child of its own: the expression may never end, and is written by anybody. */
export const run = task(work, async ({ schema }) => schema && import('@aos/core'));

async function work(input: TransformInput): Promise<TaskResult> {
  try {
    const result = await transform(input);
    const text = JSON.stringify(result ?? null);
    if (Buffer.byteLength(text) > input.resultBytesMax) {
      const detail = `The result is larger than ${input.resultBytesMax} bytes.`;
      return { failure: { code: 'output_too_large', detail } };
    }
    // Functions and other things that JSON cannot say are gone from here on.
    const json = JSON.parse(text) as Json;
    return (
      (await schemaFailure(input.schema, json)) ?? {
        value: { result: json, found: result !== undefined },
      }
    );
  } catch (error) {
    return failureOf(error);
  }
}

async function transform({ data, expression, patch }: TransformInput): Promise<unknown> {
  if (expression === undefined) return applyPatch(data, patch ?? []);
  const program = jsonata(expression, { stack: STACK_MAX, sequence: SEQUENCE_MAX });
  for (const name of UNAVAILABLE) {
    program.registerFunction(name, () => {
      throw new PatchError(`The function $${name} is not available.`);
    });
  }
  return (await program.evaluate(data)) as unknown;
}

/** The validator is loaded only when it is needed: it is the slow part of starting. */
async function schemaFailure(
  schema: JsonSchema | undefined,
  result: Json,
): Promise<TaskResult | undefined> {
  if (schema === undefined) return undefined;
  const { AosError, foreignProblemsOf, schemaFault, sentence } = await import('@aos/core');
  const fault = schemaFault(schema);
  if (fault !== undefined) {
    const detail = `The schema is no valid JSON Schema: ${fault}`;
    return { failure: { code: 'skill_input_invalid', detail } };
  }
  try {
    const problems = foreignProblemsOf(schema, result);
    if (problems.length === 0) return undefined;
    const detail = `The result does not hold the schema: ${sentence(problems)}`;
    return { failure: { code: 'transform_failed', detail, problems } };
  } catch (error) {
    if (!(error instanceof AosError)) throw error;
    // The schema is sound, so what is left is a pattern or a reference that never ends.
    return { failure: { code: 'transform_stopped', detail: error.message } };
  }
}

function failureOf(error: unknown): TaskResult {
  if (error instanceof PatchError) {
    return { failure: { code: 'transform_failed', detail: error.message } };
  }
  if (error instanceof RangeError) {
    return { failure: { code: 'transform_stopped', detail: 'The expression nests too deeply.' } };
  }
  // JSONata throws plain objects with a code, a message and a position.
  const { code, message, position } = (error ?? {}) as Record<string, unknown>;
  const detail = `${typeof message === 'string' ? message : 'The expression is wrong'}${
    typeof position === 'number' ? ` (at character ${position})` : ''
  }`;
  const stopped = typeof code === 'string' && STOPPED.has(code);
  return { failure: { code: stopped ? 'transform_stopped' : 'transform_failed', detail } };
}
