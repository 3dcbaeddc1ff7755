import type { Json } from '@aos/core';
import { types, type CustomTypesConfig } from 'pg';

type Parse = (text: string) => unknown;

const { builtins } = types;

/** A number where JSON says exactly the same, the text of the database where it would not. */
function exactNumber(text: string): number | string {
  const number = Number(text);
  return String(number) === text ? number : text;
}

/** As RFC 3339; the session's time zone is UTC. */
function instant(text: string): string {
  return text.replace(' ', 'T').replace(/\+00(:?00)?$/, 'Z');
}

const parsers: Readonly<Record<number, Parse>> = {
  [builtins.BOOL]: (text) => text === 't',
  [builtins.INT2]: Number,
  [builtins.INT4]: Number,
  [builtins.OID]: Number,
  [builtins.INT8]: exactNumber,
  [builtins.NUMERIC]: exactNumber,
  [builtins.FLOAT4]: exactNumber,
  [builtins.FLOAT8]: exactNumber,
  [builtins.JSON]: (text) => JSON.parse(text) as Json,
  [builtins.JSONB]: (text) => JSON.parse(text) as Json,
  [builtins.TIMESTAMP]: instant,
  [builtins.TIMESTAMPTZ]: instant,
};

/** Lists of these types come as lists; all other types as the text PostgreSQL prints. */
const LISTS = new Set([1000, 1005, 1007, 1009, 1014, 1015, 1021, 1022, 2951]);

const listParser = types as unknown as { getTypeParser(oid: number): Parse };

export const valueTypes: CustomTypesConfig = {
  getTypeParser: (oid): Parse =>
    parsers[oid] ?? (LISTS.has(oid) ? listParser.getTypeParser(oid) : (text) => text),
};

/** Names for columns; equal ones are numbered, since a row is an object. */
export function columnNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name}_${count}`;
    taken.add(free);
    return free;
  });
}
