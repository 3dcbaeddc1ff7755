import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newId } from './id.ts';
import { readTraceparent, runTrace, toTraceparent, traceIdOf } from './trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a traceparent is read and written as the standard says', () => {
  const text = `00-${TRACE}-${SPAN}-01`;
  const context = { traceId: TRACE, spanId: SPAN, sampled: true };
  assert.deepEqual(readTraceparent(text), context);
  assert.equal(toTraceparent(context), text);
  assert.equal(readTraceparent(`00-${TRACE}-${SPAN}-02`)?.sampled, false);
  assert.equal(toTraceparent({ ...context, sampled: false }), `00-${TRACE}-${SPAN}-00`);
  // Versions to come may add parts at the end.
  assert.deepEqual(readTraceparent(`01-${TRACE}-${SPAN}-01-what`), context);
});

test('what is no traceparent is ignored', () => {
  const wrong = [
    undefined,
    '',
    'x',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
  ];
  for (const text of wrong) assert.equal(readTraceparent(text), undefined, text);
});

test('a run continues the trace of its request, or is one of its own', () => {
  const runId = newId('run');
  const own = runId.slice(4).replaceAll('-', '');
  assert.equal(traceIdOf(runId), own);
  assert.equal(traceIdOf(runId, 'nonsense'), own);
  assert.equal(traceIdOf(runId, `00-${TRACE}-${SPAN}-01`), TRACE);
  assert.equal(runTrace(runId).traceId, own);
  assert.equal(runTrace(runId).parent, undefined);
  assert.equal(runTrace(runId, `00-${TRACE}-${SPAN}-01`).parent?.spanId, SPAN);
});

test('every process gives the spans of a run the same ids, and no two runs of a trace share them', () => {
  const seen = new Set<string>();
  for (let n = 0; n < 1000; n++) {
    const runId = newId('run');
    const { runSpanId, agentSpanId } = runTrace(runId);
    assert.deepEqual(runTrace(runId), runTrace(runId));
    for (const id of [runSpanId, agentSpanId]) {
      assert.match(id, /^[0-9a-f]{16}$/);
      assert.ok(!seen.has(id));
      seen.add(id);
    }
  }
});
