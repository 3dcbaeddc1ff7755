import type { ReceivedSpan, SpanValue } from './otlp-server.ts';

/** The fields of a message in their order: numbers as bigint, everything with a length as bytes. */
type Field = readonly [number: number, value: bigint | Buffer];

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** The spans of an `ExportTraceServiceRequest`, by the field numbers of opentelemetry-proto 1. */
export function spansOfProtobuf(body: Buffer): ReceivedSpan[] {
  return messages(body, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1);
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => spanOf(span, resource)),
    );
  });
}

function spanOf(bytes: Buffer, resource: ReceivedSpan['resource']): ReceivedSpan {
  const hex = (field: number): string => messages(bytes, field)[0]?.toString('hex') ?? '';
  const parentSpanId = hex(4);
  const status = messages(bytes, 15)[0] ?? Buffer.alloc(0);
  return {
    traceId: hex(1),
    spanId: hex(2),
    ...(parentSpanId !== '' && { parentSpanId }),
    name: messages(bytes, 5)[0]?.toString() ?? '',
    kind: Number(numberOf(bytes, 6)),
    beganAtNs: numberOf(bytes, 7),
    endedAtNs: numberOf(bytes, 8),
    attributes: attributesOf(bytes, 9),
    statusCode: Number(numberOf(status, 3)),
    statusMessage: messages(status, 2)[0]?.toString() ?? '',
    resource,
  };
}

function attributesOf(bytes: Buffer, field: number): Record<string, SpanValue> {
  return Object.fromEntries(
    messages(bytes, field).map((pair) => [
      messages(pair, 1)[0]?.toString() ?? '',
      valueOf(messages(pair, 2)[0] ?? Buffer.alloc(0)),
    ]),
  );
}

function valueOf(bytes: Buffer): SpanValue {
  const [field] = fields(bytes);
  if (!field) return '';
  const [number, value] = field;
  switch (number) {
    case 2:
      return value === 1n;
    case 3:
      return Number(BigInt.asIntN(64, value as bigint));
    case 4: {
      const double = Buffer.alloc(8);
      double.writeBigUInt64LE(value as bigint);
      return double.readDoubleLE();
    }
    case 5:
      return messages(value as Buffer, 1)
        .map(valueOf)
        .join(',');
    default:
      return (value as Buffer).toString();
  }
}

function messages(bytes: Buffer, field: number): Buffer[] {
  return fields(bytes).flatMap(([number, value]) =>
    number === field && Buffer.isBuffer(value) ? [value] : [],
  );
}

function numberOf(bytes: Buffer, field: number): bigint {
  const found = fields(bytes).find(([number]) => number === field)?.[1];
  return typeof found === 'bigint' ? found : 0n;
}

function fields(bytes: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case VARINT:
        found.push([number, varint()]);
        break;
      case FIXED64:
        found.push([number, bytes.readBigUInt64LE(at)]);
        at += 8;
        break;
      case BYTES: {
        const length = Number(varint());
        found.push([number, bytes.subarray(at, at + length)]);
        at += length;
        break;
      }
      case FIXED32:
        found.push([number, BigInt(bytes.readUInt32LE(at))]);
        at += 4;
        break;
      default:
        throw new Error(`Wire type ${tag & 7} is none of protobuf's.`);
    }
  }
  return found;
}
