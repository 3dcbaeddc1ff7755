/**
 * One-dimensional arrays in PostgreSQL's binary format: the server neither unescapes a literal nor parses
 * its elements, which costs more than storing them. Layout as `array_recv` reads it: dimensions, null
 * flag, element type, length, lower bound, then each element with its size, -1 for null.
 */
export type ElementType = keyof typeof elements;

interface Element {
  readonly oid: number;
  readonly size: (value: never) => number;
  readonly write: (value: never, to: Buffer, at: number) => void;
}

const HEADER_BYTES = 20;
const SIZE_BYTES = 4;
const NULL_SIZE = -1;
/** Times are counted from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
/** The only version of the format of jsonb there is. */
const JSONB_VERSION = 1;

const elements = {
  uuid: {
    oid: 2950,
    size: () => 16,
    write: (value: string, to: Buffer, at: number) => {
      to.write(value.replaceAll('-', ''), at, 'hex');
    },
  },
  int: {
    oid: 23,
    size: () => 4,
    write: (value: number, to: Buffer, at: number) => {
      to.writeInt32BE(value, at);
    },
  },
  bigint: {
    oid: 20,
    size: () => 8,
    write: (value: number, to: Buffer, at: number) => {
      to.writeBigInt64BE(BigInt(value), at);
    },
  },
  text: {
    oid: 25,
    size: (value: string) => Buffer.byteLength(value),
    write: (value: string, to: Buffer, at: number) => {
      to.write(value, at, 'utf8');
    },
  },
  bytes: {
    oid: 17,
    size: (value: Buffer) => value.length,
    write: (value: Buffer, to: Buffer, at: number) => {
      value.copy(to, at);
    },
  },
  /** JSON text, such as `JSON.stringify` gives. */
  jsonb: {
    oid: 3802,
    size: (value: string) => Buffer.byteLength(value) + 1,
    write: (value: string, to: Buffer, at: number) => {
      to.writeUInt8(JSONB_VERSION, at);
      to.write(value, at + 1, 'utf8');
    },
  },
  time: {
    oid: 1184,
    size: () => 8,
    write: (value: Date, to: Buffer, at: number) => {
      to.writeBigInt64BE(BigInt(value.getTime() - EPOCH_MS) * 1000n, at);
    },
  },
} as const satisfies Record<string, Element>;

/** The values that an array of this type takes; null and undefined are null. */
export type ValueOf<T extends ElementType> = Parameters<(typeof elements)[T]['write']>[0];

/** The parameter for a placeholder cast to an array of this type, such as `$1::uuid[]`. */
export function binaryArray<T extends ElementType>(
  type: T,
  values: readonly (ValueOf<T> | null | undefined)[],
): Buffer {
  const { oid, size, write } = elements[type] as Element;
  const sizes = values.map((value) => (value == null ? NULL_SIZE : size(value as never)));
  const bytes = sizes.reduce((sum, each) => sum + SIZE_BYTES + Math.max(0, each), HEADER_BYTES);
  const to = Buffer.allocUnsafe(bytes);
  to.writeInt32BE(values.length === 0 ? 0 : 1, 0);
  to.writeInt32BE(sizes.includes(NULL_SIZE) ? 1 : 0, 4);
  to.writeInt32BE(oid, 8);
  // An array without elements has no dimension, so its header ends here.
  if (values.length === 0) return to.subarray(0, 12);
  to.writeInt32BE(values.length, 12);
  to.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const [place, value] of values.entries()) {
    const length = sizes[place] as number;
    to.writeInt32BE(length, at);
    at += SIZE_BYTES;
    if (length === NULL_SIZE) continue;
    write(value as never, to, at);
    at += length;
  }
  return to;
}

/** Rows as one array a column. */
export function binaryColumns(
  types: readonly ElementType[],
  rows: readonly (readonly unknown[])[],
): Buffer[] {
  return types.map((type, column) =>
    binaryArray(
      type,
      rows.map((row) => row[column] as never),
    ),
  );
}
