import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failureOf, makeReport, problemsOf, type JsonSchema } from '@aos/core';

import * as resources from './resources.ts';

test('every schema compiles, and refuses what it does not know', () => {
  const schemas = Object.entries(resources).filter(([name]) => name.endsWith('Schema'));
  assert.ok(schemas.length > 20);
  for (const [name, schema] of schemas) {
    assert.notDeepEqual(problemsOf(schema as JsonSchema, { nobodyKnowsThis: 1 }), [], name);
  }
});

test('the schema of the report takes what the report function makes', () => {
  const at = new Date(0);
  const failure = failureOf(new Error('x'));
  const run = { type: 'run.finished', outcome: 'failed', durationMs: 1, failure } as const;
  const report = makeReport({
    run: {
      id: 'run_01a209b7-7824-7a98-b4dc-b4d5dc2351b7',
      tenant: 'default',
      agent: 'a',
      agentVersion: 1,
      planner: 'rules',
      priority: 0,
      state: { status: 'finished', outcome: 'failed', failureCode: 'internal' },
      epoch: 1,
      createdAt: at,
    },
    goal: { goal: 'x', input: {}, limits: {}, tags: [] },
    steps: [
      {
        key: 'a',
        skill: 's',
        skillVersion: '1.0.0',
        effect: 'pure',
        attempt: 1,
        status: 'failed',
        failure,
        output: { fallback: true },
      },
    ],
    events: [{ runId: 'run_1', seq: 0, epoch: 1, at, event: run }],
    artifacts: [],
  });
  assert.deepEqual(problemsOf(resources.reportSchema, JSON.parse(JSON.stringify(report))), []);
});
