import { AosError, type Json } from '@aos/core';
import type pg from 'pg';
import Cursor from 'pg-cursor';

import { columnNames, valueTypes } from './values.ts';

export interface Rows {
  readonly columns: { name: string; type: string }[];
  readonly rows: { [column: string]: Json }[];
  readonly rowCount: number;
  /** There are more rows than were read. */
  readonly truncated: boolean;
}

const BATCH_ROWS = 100;
/** What the server may send for one query, before it is hung up on: one value can have a gigabyte. */
const WIRE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Reads a query through a cursor, up to `rowsMax` rows and `bytesMax` bytes of JSON. One statement only:
 * the extended protocol takes no second one.
 */
export async function readRows(
  client: pg.PoolClient,
  query: { readonly sql: string; readonly parameters: readonly Json[] },
  limits: { readonly rowsMax: number; readonly bytesMax: number },
): Promise<Rows> {
  using wire = watchWire(client, WIRE_BYTES_MAX);
  const cursor = client.query(
    new Cursor<unknown[]>(query.sql, [...query.parameters], {
      rowMode: 'array',
      types: valueTypes,
    }),
  );
  try {
    const found = await collect(cursor, limits);
    await cursor.close();
    return { ...found, columns: await typed(client, found.fields) };
  } catch (error) {
    if (wire.exceeded()) throw tooLarge(WIRE_BYTES_MAX, error);
    throw error;
  }
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

async function collect(
  cursor: Cursor<unknown[]>,
  { rowsMax, bytesMax }: { readonly rowsMax: number; readonly bytesMax: number },
) {
  const rows: { [column: string]: Json }[] = [];
  let fields: readonly Field[] = [];
  let names: string[] = [];
  let bytes = 0;
  for (;;) {
    // One more than wanted, to know whether there are more.
    const batch = await next(cursor, Math.min(BATCH_ROWS, rowsMax + 1 - rows.length));
    if (fields.length === 0) {
      fields = batch.fields;
      names = columnNames(fields.map(({ name }) => name));
    }
    for (const values of batch.rows) {
      const row = Object.fromEntries(
        names.map((name, index) => [name, (values[index] ?? null) as Json]),
      );
      bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
      if (bytes > bytesMax && rows.length === 0) throw tooLarge(bytesMax);
      if (bytes > bytesMax || rows.length === rowsMax) {
        return { fields, rows, rowCount: rows.length, truncated: true };
      }
      rows.push(row);
    }
    if (batch.rows.length === 0) return { fields, rows, rowCount: rows.length, truncated: false };
  }
}

/** The callback form alone tells the columns of an empty result. */
function next(cursor: Cursor<unknown[]>, count: number) {
  return new Promise<{ rows: unknown[][]; fields: readonly Field[] }>((resolve, reject) => {
    cursor.read(count, (error: Error | undefined, rows, result) => {
      if (error) reject(error);
      else resolve({ rows, fields: result?.fields ?? [] });
    });
  });
}

async function typed(
  client: pg.PoolClient,
  fields: readonly Field[],
): Promise<{ name: string; type: string }[]> {
  const { rows } = await client.query<{ oid: number; name: string }>(
    'select oid::int4, format_type(oid, null) as name from pg_catalog.pg_type where oid = any($1)',
    [fields.map(({ dataTypeID }) => dataTypeID)],
  );
  const nameOf = new Map(rows.map(({ oid, name }) => [oid, name]));
  const names = columnNames(fields.map(({ name }) => name));
  return fields.map(({ dataTypeID }, index) => ({
    name: names[index] ?? '',
    type: nameOf.get(dataTypeID) ?? 'unknown',
  }));
}

/** Counts what arrives, and cuts the connection beyond the limit: pg holds a whole row in memory. */
function watchWire(client: pg.PoolClient, bytesMax: number): Disposable & { exceeded(): boolean } {
  const { stream } = (client as unknown as { connection: { stream: NodeJS.ReadableStream } })
    .connection;
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > bytesMax) (stream as unknown as { destroy(): void }).destroy();
  };
  stream.on('data', count);
  return {
    exceeded: () => bytes > bytesMax,
    [Symbol.dispose]: () => void stream.removeListener('data', count),
  };
}

function tooLarge(bytes: number, cause?: unknown): AosError {
  return new AosError('response_too_large', `The database sent more than ${bytes} bytes.`, {
    cause,
  });
}
