import assert from 'node:assert/strict';
import { test } from 'node:test';

import { refusalOf, RETRY_MAX_S, RETRY_MIN_S, type AdmissionFacts } from './admission-rules.ts';

const limits = {
  queueDepthMax: 1_000,
  tenantQueueDepthMax: 100,
  queueAgeMaxS: 60,
  databaseLatencyMaxMs: 500,
};
const calm: AdmissionFacts = {
  depth: 0,
  tenantDepth: 0,
  ageS: 0,
  latencyMs: 1,
  drainPerS: 10,
  share: 0.5,
  returning: 0,
  tenantReturning: 0,
};

test('below every limit a run of any priority is let in', () => {
  for (const priority of [-100, 0, 100]) assert.equal(refusalOf(calm, limits, priority), undefined);
});

test('each limit refuses with its reason; the least urgent first, and none lets depth be passed', () => {
  const cases = [
    ['tenantDepth', 'tenant_depth', [79, 80], [99, 100], [99, 100]],
    ['depth', 'depth', [799, 800], [999, 1_000], [999, 1_000]],
    ['ageS', 'age', [48, 49], [60, 61], [75, 76]],
    ['latencyMs', 'latency', [400, 401], [500, 501], [625, 626]],
  ] as const;
  for (const [fact, reason, ...bands] of cases) {
    for (const [at, priority] of [-1, 0, 1].entries()) {
      const [last, first] = bands[at] as readonly [number, number];
      const refused = (value: number) =>
        refusalOf({ ...calm, depth: 10, [fact]: value }, limits, priority)?.reason;
      assert.equal(refused(last), undefined, `${fact} ${last} at ${priority}`);
      assert.equal(refused(first), reason, `${fact} ${first} at ${priority}`);
    }
  }
});

const after = (facts: Partial<AdmissionFacts>) =>
  refusalOf({ ...calm, ...facts }, limits, 0)?.retryAfterS;

test('the time to come back is what the queue needs at its measured rate, within bounds', () => {
  assert.equal(after({ depth: 1_199 }), 20, '200 runs too many at 10 a second');
  assert.equal(after({ tenantDepth: 149 }), 10, '50 too many at its half of the 10');
  assert.equal(after({ depth: 1_000, returning: 198 }), 10, 'behind those told before');
  assert.equal(after({ tenantDepth: 100, tenantReturning: 98 }), 10);
  assert.equal(after({ depth: 1_000 }), RETRY_MIN_S);
  assert.equal(after({ depth: 900_000 }), RETRY_MAX_S);
  assert.equal(after({ depth: 1_000, drainPerS: 0 }), RETRY_MAX_S, 'nothing leaves it');
  assert.equal(after({ depth: 1_000, drainPerS: undefined }), 5, 'nothing is known yet');
  assert.equal(after({ depth: 400, ageS: 120 }), 20, 'half of them have waited too long');
  assert.equal(after({ latencyMs: 2_500 }), 5);
});
