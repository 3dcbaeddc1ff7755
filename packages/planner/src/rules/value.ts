import type { Json, JsonObject } from '@aos/core';

import { byLabel } from './draft.ts';
import type { Source } from './source.ts';
import type { Thing } from './words.ts';

/** What a value is made of, which decides how it can be narrowed and written. */
export type Form = Exclude<Thing, 'it' | 'all' | 'report' | 'file'> | 'response';

/** A result that later words of the goal can mean: one reference for each source. */
export interface Value {
  /** Its name in the output. */
  readonly name: string;
  readonly form: Form;
  readonly refs: readonly Ref[];
}

export interface Ref {
  readonly label: string;
  /** `${step.path}` */
  readonly text: string;
  readonly sources: readonly Source[];
}

export function valueOf(name: string, form: Form, refs: readonly Ref[]): Value {
  return { name, form, refs };
}

/** Whether the value is one piece of text, as a file or a section can hold it. */
export function isText({ form }: Value): boolean {
  return TEXTS.has(form);
}

const TEXTS = new Set<Form>(['page', 'text', 'title', 'summary', 'response']);

/** Several values as one: alone, or by name. */
export function templateOfAll(values: readonly Value[]): Json {
  const named = byName(values);
  const [only, ...others] = Object.values(named);
  return only !== undefined && others.length === 0 ? only : named;
}

/** Values by name; those of one name are put together by source. */
export function byName(values: readonly Value[]): JsonObject {
  const refsOf = new Map<string, Ref[]>();
  for (const { name, refs } of values) {
    const known = refsOf.get(name) ?? [];
    known.push(...refs.filter((ref) => !known.some(({ text }) => text === ref.text)));
    refsOf.set(name, known);
  }
  return Object.fromEntries(
    [...refsOf].map(([name, refs]) => [
      name,
      byLabel(refs.map(({ label, text }) => [label, text])),
    ]),
  );
}
