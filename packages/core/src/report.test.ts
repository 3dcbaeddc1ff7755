import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aGoal, aPlan } from '@aos/testing';

import type { RunEvent } from './event.ts';
import { hashJson, type Json } from './json.ts';
import { finalOutput } from './output.ts';
import type { Plan } from './plan.ts';
import { makeReport, usageOf, type RunFacts } from './report.ts';
import type { Run } from './run.ts';
import { itemKey, planKeyOf, type StepRecord } from './step.ts';
import { addUsage } from './usage.ts';

const at = (ms: number) => new Date(1_700_000_000_000 + ms);
const run: Run = {
  id: 'run_1',
  tenant: 'default',
  agent: 'tester',
  agentVersion: 2,
  planner: 'static',
  priority: 0,
  state: { status: 'finished', outcome: 'succeeded' },
  epoch: 1,
  createdAt: at(0),
  startedAt: at(10),
  finishedAt: at(40),
};

function record(key: string, state: Partial<StepRecord>): StepRecord {
  return {
    key,
    skill: 'echo',
    skillVersion: '1.0.0',
    effect: 'pure',
    attempt: 1,
    startedAt: at(10),
    finishedAt: at(30),
    ...state,
  } as StepRecord;
}
const completed = (key: string, output: Json) => record(key, { status: 'completed', output });

function facts(
  given: Partial<Omit<RunFacts, 'plan' | 'events'>> & {
    readonly plan?: Plan;
    readonly events?: readonly RunEvent[];
  },
): RunFacts {
  const { plan, events = [], ...rest } = given;
  return {
    run,
    goal: aGoal({ input: { name: 'Ann' } }),
    steps: [],
    artifacts: [],
    ...rest,
    ...(plan && { plan: { version: 1, hash: 'sha256:x', plan } }),
    events: events.map((event, seq) => ({ runId: run.id, seq, epoch: 1, at: at(seq), event })),
  };
}

const finished: RunEvent = { type: 'run.finished', outcome: 'succeeded', durationMs: 30 };

test('the output is what the plan says, over what the steps stored', () => {
  const plan: Plan = {
    ...aPlan({}),
    output: { said: '${a.text}', to: '${input.name}', gone: '${a.no}' },
  };
  const output = finalOutput(facts({ plan, steps: [completed('a', { text: 'hi' })] }));
  assert.equal(JSON.stringify(output), '{"said":"hi","to":"Ann","gone":null}');
});

test('a plan that names no output returns what its last steps returned', () => {
  const plan = aPlan(
    { key: 'a' },
    { key: 'b', after: ['a'] },
    { key: 'constructor' },
    { key: 'd' },
  );
  const steps = [
    completed('a', { x: 1 }),
    completed('b', { y: '${a.x}' }),
    completed('constructor', [3]),
    record('d', { status: 'skipped', reason: 'condition' }),
  ];
  assert.deepEqual(finalOutput(facts({ plan, steps })), { b: { y: '${a.x}' }, constructor: [3] });
  assert.equal(finalOutput(facts({ steps })), undefined, 'without a plan there is nothing');
});

test('a fallback stands in the output, and the report says so', () => {
  const failure = { code: 'target_failed', detail: 'It answered 500.' } as const;
  const steps = [record('a', { status: 'failed', failure, output: { text: 'old' } })];
  const report = makeReport(
    facts({ plan: aPlan({ onError: { use: { text: 'old' } } }), steps, events: [finished] }),
  );
  assert.deepEqual(report.output, { a: { text: 'old' } });
  assert.deepEqual(report.gaps, [
    { step: 'a', why: 'target_failed: It answered 500. A fallback was used.' },
  ]);
});

test('gaps name what failed and what could not be read, not what was not wanted', () => {
  const failure = { code: 'not_html', detail: 'It is a picture.' } as const;
  const report = makeReport(
    facts({
      plan: aPlan({ key: 'a' }),
      steps: [
        record('a', { status: 'failed', failure }),
        record(itemKey('b', 3), { status: 'failed', failure }),
        record('c', { status: 'skipped', reason: 'input_missing' }),
        record('d', { status: 'skipped', reason: 'condition' }),
        completed('e', null),
      ],
    }),
  );
  assert.deepEqual(report.gaps, [
    { step: 'a', why: 'not_html: It is a picture.' },
    { step: 'b[3]', why: 'not_html: It is a picture.' },
    { step: 'c', why: 'A step it reads has no output.' },
  ]);
  assert.equal(planKeyOf(itemKey('b', 3)), 'b');
});

const usage = (costUsd: number) => ({
  model: 'm',
  inputTokens: 10,
  outputTokens: 5,
  cacheReadTokens: 1,
  cacheWriteTokens: 2,
  costUsd,
});
const tried = { step: 'a', skill: 'llm_invoke', attempt: 1, durationMs: 1 } as const;

test('usage counts planning and every attempt, failed ones included', () => {
  const events: RunEvent[] = [
    {
      type: 'run.planning_failed',
      attempt: 1,
      failure: { code: 'model_refused', detail: '' },
      usage: usage(1),
    },
    {
      type: 'run.planned',
      version: 1,
      planner: 'claude',
      steps: 1,
      planHash: '',
      durationMs: 1,
      usage: usage(2),
    },
    {
      type: 'step.failed',
      ...tried,
      failure: { code: 'model_truncated', detail: '' },
      usage: usage(4),
    },
    { type: 'step.completed', ...tried, usage: usage(8), notes: ['No model was used.'] },
    { type: 'step.completed', ...tried, notes: ['No model was used.', 'Two pages were skipped.'] },
    finished,
  ];
  const report = makeReport(facts({ events }));
  assert.deepEqual(report.usage, {
    ...usage(15),
    inputTokens: 40,
    outputTokens: 20,
    cacheReadTokens: 4,
    cacheWriteTokens: 8,
  });
  assert.deepEqual(report.notes, ['No model was used.', 'Two pages were skipped.']);
  assert.equal(usageOf(facts({ events: [finished] })), undefined);
  assert.equal(makeReport(facts({})).usage, null);
  assert.equal(addUsage(undefined, undefined), undefined);
});

test('a failed run says why, what it means, and which step it was', () => {
  const failure = { code: 'target_refused', detail: 'It answered 403.' } as const;
  const report = makeReport(
    facts({
      run: {
        ...run,
        state: { status: 'finished', outcome: 'failed', failureCode: 'target_refused' },
      },
      plan: aPlan({ key: 'a' }, { key: 'b' }),
      steps: [
        record('a', { status: 'failed', failure: { ...failure, code: 'target_failed' } }),
        record('b', { status: 'failed', failure }),
      ],
      events: [{ type: 'run.finished', outcome: 'failed', durationMs: 30, failure }],
    }),
  );
  assert.deepEqual(report.failure, {
    ...failure,
    meaning: 'The host refused the request.',
    step: 'b',
  });
  assert.equal(report.outcome, 'failed');
  assert.equal(report.times.durationMs, 30);
});

test('claims are counted, and a decision that was noted twice is told once', () => {
  const decided: RunEvent = {
    type: 'approval.decided',
    step: 'a',
    approvalId: 'apr_1',
    decision: 'approve',
    by: 'Bo',
  };
  const started: RunEvent = { type: 'run.started', workerId: 'wrk_1', epoch: 1 };
  const report = makeReport(facts({ events: [started, decided, started, decided] }));
  assert.equal(report.claims, 2);
  assert.deepEqual(report.approvals, [
    { step: 'a', approvalId: 'apr_1', decision: 'approve', by: 'Bo' },
  ]);
});

test('a run that goes on has no output yet, and says what its steps wait for', () => {
  const failure = { code: 'target_failed', detail: 'x' } as const;
  const report = makeReport(
    facts({
      run: { ...run, state: { status: 'waiting', waitingFor: 'retry' } },
      plan: aPlan({}),
      steps: [record('a', { status: 'waiting', wait: { for: 'retry', until: at(99), failure } })],
    }),
  );
  assert.equal(report.output, null);
  assert.equal(report.outcome, null);
  assert.deepEqual(report.steps[0]?.failure, failure);
});

test('a large output is told by its hash and its size', () => {
  const text = 'é'.repeat(10_000);
  const report = makeReport(
    facts({ plan: aPlan({}), steps: [completed('a', text), completed('b', 'é')] }),
  );
  const [large, small] = report.steps;
  assert.deepEqual([large?.outputBytes, large?.outputHash], [20_002, hashJson(text)]);
  assert.ok(large && !('output' in large));
  assert.deepEqual([small?.output, small?.outputBytes, small?.durationMs], ['é', 4, 20]);
});
