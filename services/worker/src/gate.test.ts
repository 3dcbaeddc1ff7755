import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createMetrics } from '@aos/telemetry';

import { createGate, watchGate, type GateReadings } from './gate.ts';

const limits = { lagMaxMs: 100, poolWaitMaxMs: 200, memoryMaxMb: 1_000 };
const calm: GateReadings = { lagMs: 1, poolWaitMs: 0, memoryMb: 100 };

test('each reading closes the gate above its limit, says why, and opens it well below', () => {
  const cases = [
    ['lag', 'lagMs', 100, /event loop is \d+ ms late/],
    ['pool', 'poolWaitMs', 200, /connections are all busy/],
    ['memory', 'memoryMb', 1_000, /has \d+ MB in memory/],
  ] as const;
  for (const [cause, reading, limit, sentence] of cases) {
    const gate = createGate(limits);
    const closedAt = (value: number) => {
      gate.sample({ ...calm, [reading]: value });
      return gate.isClosed(cause);
    };
    assert.equal(closedAt(limit), false, 'at the limit it is open');
    assert.equal(closedAt(limit + 1), true);
    assert.match(gate.reason() ?? '', sentence);
    assert.equal(closedAt(limit * 0.9), true, 'it does not flutter');
    assert.equal(closedAt(limit * 0.8), false);
    assert.equal(gate.reason(), undefined);
    assert.equal(closedAt(limit * 0.9), false);
  }
});

test('several reasons are all told', () => {
  const gate = createGate(limits);
  gate.sample({ lagMs: 500, poolWaitMs: 500, memoryMb: 5_000 });
  assert.equal(gate.reason()?.split('; ').length, 3);
});

test('a loop that is really busy closes the gate, and the metric says so', async () => {
  const metrics = createMetrics({ service: 'worker', version: '0' });
  const database = { connections: () => ({ idle: 1, busy: 0, waiting: 0 }) };
  const gate = watchGate({ ...limits, memoryMaxMb: 1_000_000 }, database, metrics);
  try {
    const hog = setInterval(() => {
      for (const begun = performance.now(); performance.now() - begun < 300;);
    }, 1);
    while (gate.reason() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(await metrics.exposition(), /nova_worker_gated\{reason="lag"\} 1/);
    clearInterval(hog);
    while (gate.reason() !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(await metrics.exposition(), /nova_worker_gated\{reason="lag"\} 0/);
  } finally {
    gate.stop();
  }
});

test('callers that wait for a connection without a break close the gate', async () => {
  const metrics = createMetrics({ service: 'worker', version: '0' });
  let waiting = 3;
  const database = { connections: () => ({ idle: 0, busy: 8, waiting }) };
  const relaxed = { lagMaxMs: 60_000, poolWaitMaxMs: 600, memoryMaxMb: 1_000_000 };
  const gate = watchGate(relaxed, database, metrics);
  try {
    while (!gate.isClosed('pool')) await new Promise((resolve) => setTimeout(resolve, 20));
    waiting = 0;
    while (gate.isClosed('pool')) await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    gate.stop();
  }
});
