import { randomUUIDv7 } from 'node:crypto';

/** What a prefix names. The prefix makes an id readable in a log at 3 a.m.; the rest is a UUIDv7. */
const prefixOf = {
  run: 'run',
  approval: 'apr',
  key: 'key',
  worker: 'wrk',
  artifact: 'art',
  webhook: 'whk',
  delivery: 'dlv',
  /** Of a failed run; it has the UUID of the run. */
  deadLetter: 'dl',
  operation: 'op',
} as const;

export type IdKind = keyof typeof prefixOf;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A new id such as `run_019aaf3c-…`; ids made later sort later. */
export function newId(kind: IdKind): string {
  return `${prefixOf[kind]}_${randomUUIDv7()}`;
}

/** The bare UUID of an id, as the database keeps it; undefined for anything that is no id of this kind. */
export function uuidOf(kind: IdKind, id: string): string | undefined {
  const prefix = `${prefixOf[kind]}_`;
  const uuid = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  return UUID.test(uuid) ? uuid : undefined;
}

export function idOf(kind: IdKind, uuid: string): string {
  return `${prefixOf[kind]}_${uuid}`;
}

/** Tenants are named, not numbered: rows stay readable in psql. */
export const TENANT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
