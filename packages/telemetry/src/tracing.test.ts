import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SpanStatusCode, trace } from '@opentelemetry/api';
import { startOtlpServer, type OtlpServer, type ReceivedSpan } from '@aos/testing';

import { createLogger } from './logger.ts';
import { inSpan, samplers, startTracing, type Tracing, type TracingSettings } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const caller = { traceId: TRACE, spanId: SPAN, sampled: true };
const UNTIL_MS = 20_000;

async function open(
  collector: Pick<OtlpServer, 'url'>,
  more: Partial<TracingSettings> = {},
): Promise<{ tracing: Tracing; log: () => string }> {
  let lines = '';
  const log = createLogger({ service: 'worker', level: 'info', write: (line) => (lines += line) });
  const tracing = await startTracing(
    {
      url: `${collector.url}/v1/traces`,
      protocol: 'http/protobuf',
      headers: {},
      sampler: 'parentbased_always_on',
      ratio: 1,
      resource: {},
      ...more,
    },
    { name: 'aos-test', version: '1.2.3', environment: 'staging', log },
  );
  assert.ok(tracing);
  return { tracing, log: () => lines };
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + UNTIL_MS; ;) {
    const seen = look();
    if (seen !== undefined) return seen;
    assert.ok(Date.now() < end, 'It did not happen.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const found = spans.find((span) => span.name === name);
  assert.ok(found, `${name} among ${spans.map((span) => span.name).join(', ')}`);
  return found;
};

test('without settings there is no tracing', async () => {
  const log = createLogger({ service: 'api', level: 'info', write: () => {} });
  const service = { name: 'a', version: '1', environment: 'development', log };
  assert.equal(await startTracing(undefined, service), undefined);
});

for (const protocol of ['http/protobuf', 'http/json'] as const) {
  test(`spans arrive with their parents, kinds and values (${protocol})`, async () => {
    await using collector = await startOtlpServer();
    const headers = { authorization: 'Bearer ours' };
    const { tracing } = await open(collector, { protocol, headers, resource: { team: 'a' } });
    const spec = { name: 'outer', kind: 'server', parent: caller, attributes: { n: 7 } } as const;
    await inSpan(tracing, spec, async () => {
      assert.ok(tracing.isInside());
      await new Promise((resolve) => setTimeout(resolve, 1));
      await assert.rejects(
        inSpan(tracing, { name: 'inner' }, async () => {
          throw Object.assign(new Error('who knows what'), { code: 'target_down' });
        }),
        /who knows what/,
      );
    });
    assert.ok(!tracing.isInside());
    tracing.record({
      name: 'past',
      traceId: TRACE,
      spanId: '00f067aa0ba902b7',
      parent: caller,
      beganAt: new Date(1_000),
      endedAt: new Date(3_000),
    });
    tracing.record({
      name: 'root',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: 'a0f067aa0ba902b7',
      beganAt: new Date(1_000),
      endedAt: new Date(3_000),
    });
    await tracing.close();
    const { spans } = collector;
    const outer = named(spans, 'outer');
    const inner = named(spans, 'inner');
    assert.deepEqual([outer.traceId, outer.parentSpanId, outer.kind], [TRACE, SPAN, 2]);
    assert.deepEqual([inner.traceId, inner.parentSpanId, inner.kind], [TRACE, outer.spanId, 1]);
    assert.equal(outer.attributes['n'], 7);
    assert.deepEqual([outer.statusCode, inner.statusCode], [0, 2]);
    assert.equal(inner.attributes['error.type'], 'target_down');
    assert.equal(inner.statusMessage, '');
    const past = named(spans, 'past');
    assert.deepEqual([past.spanId, past.parentSpanId], ['00f067aa0ba902b7', SPAN]);
    assert.equal(past.endedAtNs - past.beganAtNs, 2_000_000_000n);
    const root = named(spans, 'root');
    assert.deepEqual(
      [root.traceId, root.parentSpanId],
      ['4bf92f3577b34da6a3ce929d0e0e4736', undefined],
    );
    const { resource } = outer;
    assert.deepEqual(
      [resource['service.name'], resource['service.version'], resource['team']],
      ['aos-test', '1.2.3', 'a'],
    );
    assert.match(collector.texts.join(), /"authorization":"Bearer ours"/);
    assert.doesNotMatch(collector.texts.join(), /who knows what/);
  });
}

test('what looks like a secret does not leave the process', async () => {
  await using collector = await startOtlpServer();
  const { tracing } = await open(collector, { protocol: 'http/json' });
  const span = tracing.begin({
    name: 'ask postgres://me:canary-one@host/db',
    attributes: { plain: 'told', key: 'sk-canary-two-two-two' },
  });
  span.set({ header: 'Bearer canary-three-three' });
  span.end();
  // As libraries do it.
  const foreign = trace
    .getTracer('library')
    .startSpan('call', { attributes: { list: ['sk-canary-four-four'] } });
  foreign.recordException(new Error('canary five'));
  foreign.setStatus({ code: SpanStatusCode.ERROR, message: 'canary six' });
  foreign.end();
  await tracing.close();
  const text = collector.texts.join();
  assert.match(text, /told/);
  assert.equal(named(collector.spans, 'call').statusCode, 2);
  assert.doesNotMatch(text, /canary/);
});

test('a sampler decides for all processes alike, and callers decide for those that follow them', async () => {
  await using collector = await startOtlpServer();
  const traces = Array.from(
    { length: 64 },
    (_, n) => `${(n * 0x4000000 + 1).toString(16).padStart(8, '0')}${'0'.repeat(23)}1`,
  );
  const decided = new Map<string, string>();
  for (const sampler of samplers) {
    const { tracing } = await open(collector, { sampler, ratio: 0.5 });
    const again = await Promise.all(traces.map(async (id) => tracing.isSampled(id)));
    const count = again.filter(Boolean).length;
    const follows = [true, false].map(
      (sampled) => tracing.begin({ name: 'x', parent: { ...caller, sampled } }).context.sampled,
    );
    decided.set(sampler, `${count} ${follows.join()}`);
    for (const id of traces) assert.equal(tracing.isSampled(id), again[traces.indexOf(id)]);
    await tracing.close();
  }
  assert.deepEqual(Object.fromEntries(decided), {
    always_on: '64 true,true',
    always_off: '0 false,false',
    traceidratio: '32 false,false',
    parentbased_always_on: '64 true,false',
    parentbased_always_off: '0 true,false',
    parentbased_traceidratio: '32 true,false',
  });
});

test('a collector that is dead is told of once, costs no time and little memory, and is sent to again', async () => {
  await using collector = await startOtlpServer();
  collector.mood = 'refuse';
  const { tracing, log } = await open(collector);
  const began = performance.now();
  // Many times what is kept.
  for (let n = 0; n < 50_000; n++) tracing.begin({ name: `span ${n}`, parent: caller }).end();
  const ms = performance.now() - began;
  assert.ok(ms < 10_000, `${ms} ms`);
  await until(() => (log().includes('traces.lost') ? true : undefined));
  assert.equal(log().split('traces.lost').length, 2);
  collector.mood = 'take';
  tracing.begin({ name: 'after', parent: caller }).end();
  await until(() => (log().includes('traces.sent_again') ? true : undefined));
  await tracing.close();
  assert.ok(collector.spans.length <= 8_192, `${collector.spans.length} spans`);
});

test('closing does not wait for a collector that never answers', async () => {
  await using collector = await startOtlpServer();
  collector.mood = 'mute';
  const { tracing } = await open(collector);
  tracing.begin({ name: 'x', parent: caller }).end();
  const began = performance.now();
  await tracing.close();
  assert.ok(performance.now() - began < 8_000);
  assert.equal(collector.requests, 1);
});
