import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { spansOfProtobuf } from './otlp-protobuf.ts';

export type SpanValue = string | number | boolean;

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** As OTLP counts: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly beganAtNs: bigint;
  readonly endedAtNs: bigint;
  readonly attributes: Readonly<Record<string, SpanValue>>;
  /** 2 is an error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly resource: Readonly<Record<string, SpanValue>>;
}

/** `mute` takes requests and never answers; `refuse` answers 503. */
export type OtlpMood = 'take' | 'refuse' | 'mute';

export interface OtlpServer extends AsyncDisposable {
  /** What goes into `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Everything that arrived, headers included, to be searched. */
  readonly texts: readonly string[];
  /** How often somebody tried, in whatever mood. */
  readonly requests: number;
  mood: OtlpMood;
}

/** A real collector of traces on loopback: OTLP over HTTP, in JSON and in protobuf. */
export async function startOtlpServer(port = 0): Promise<OtlpServer> {
  const spans: ReceivedSpan[] = [];
  const texts: string[] = [];
  const state = { mood: 'take' as OtlpMood, requests: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    state.requests++;
    if (state.mood === 'mute') return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (state.mood === 'refuse' || request.url !== '/v1/traces') {
      response.writeHead(state.mood === 'refuse' ? 503 : 404).end();
      return;
    }
    texts.push(`${JSON.stringify(request.headers)}\n${body.toString('latin1')}`);
    const isJson = request.headers['content-type'] === 'application/json';
    spans.push(...(isJson ? spansOfJson(body.toString()) : spansOfProtobuf(body)));
    response
      .writeHead(200, { 'content-type': request.headers['content-type'] })
      .end(isJson ? '{}' : '');
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    texts,
    get requests() {
      return state.requests;
    },
    get mood() {
      return state.mood;
    },
    set mood(mood) {
      state.mood = mood;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface JsonPair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly JsonPair[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface JsonRequest {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes?: readonly JsonPair[] };
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[];
  }[];
}

function spansOfJson(text: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(text) as JsonRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        ...(span.parentSpanId && { parentSpanId: span.parentSpanId }),
        name: span.name,
        kind: span.kind,
        beganAtNs: BigInt(span.startTimeUnixNano),
        endedAtNs: BigInt(span.endTimeUnixNano),
        attributes: valuesOf(span.attributes),
        statusCode: span.status?.code ?? 0,
        statusMessage: span.status?.message ?? '',
        resource: valuesOf(resource?.attributes),
      })),
    ),
  );
}

function valuesOf(pairs: readonly JsonPair[] = []): Record<string, SpanValue> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const [[kind, given] = ['', '']] = Object.entries(value);
      const isNumber = kind === 'intValue' || kind === 'doubleValue';
      return [key, isNumber ? Number(given) : (given as SpanValue)];
    }),
  );
}
