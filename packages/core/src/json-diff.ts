import { isDeepStrictEqual } from 'node:util';

import { isObject, type Json } from './json.ts';

/** One place where two documents differ; a side that has nothing there is absent. */
export interface JsonChange {
  /** JSON Pointer. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** More would not be read. */
export const CHANGES_MAX = 100;

/** Where two documents differ, as deep as they are of one form; lists are compared place by place. */
export function diffJson(before: Json, after: Json): readonly JsonChange[] {
  return changesAt('', before, after).slice(0, CHANGES_MAX);
}

function changesAt(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): readonly JsonChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const a = members(before);
  const b = members(after);
  if (!a || !b || Array.isArray(before) !== Array.isArray(after)) {
    return [
      { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) },
    ];
  }
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].flatMap((name) =>
    changesAt(
      `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      a.get(name),
      b.get(name),
    ),
  );
}

function members(value: Json | undefined): ReadonlyMap<string, Json> | undefined {
  if (Array.isArray(value)) {
    return new Map(value.map((item: Json, index): [string, Json] => [String(index), item]));
  }
  return value !== undefined && isObject(value) ? new Map(Object.entries(value)) : undefined;
}
