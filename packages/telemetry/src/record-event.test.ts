import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RunEvent, Usage } from '@aos/core';

import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { recordEvent } from './record-event.ts';

const usage: Usage = {
  model: 'a-model',
  inputTokens: 10,
  outputTokens: 20,
  cacheReadTokens: 30,
  cacheWriteTokens: 40,
  costUsd: 0.25,
};
const failure = { code: 'target_failed', detail: 'It answered 500.' } as const;
const step = { step: 'fetch', skill: 'http_request', attempt: 1 } as const;

test('every attempt of a step is measured, whether it failed or not', async () => {
  const { text } = await recorded([
    { type: 'step.completed', ...step, durationMs: 100 },
    { type: 'step.failed', ...step, durationMs: 200, failure },
  ]);
  assert.match(text, /^nova_skill_duration_seconds_count\{skill="http_request"\} 2$/m);
  assert.match(text, /^nova_skill_duration_seconds_sum\{skill="http_request"\} 0\.3/m);
});

test('planning is measured by planner', async () => {
  const { text } = await recorded([
    {
      type: 'run.planned',
      version: 1,
      planner: 'rules',
      steps: 3,
      planHash: 'sha256:x',
      durationMs: 50,
    },
  ]);
  assert.match(text, /^nova_planner_duration_seconds_count\{planner="rules"\} 1$/m);
});

test('tokens and cost are counted wherever a model was used, failures included', async () => {
  const { text } = await recorded([
    { type: 'step.completed', ...step, durationMs: 1, usage },
    { type: 'step.failed', ...step, durationMs: 1, failure, usage },
    { type: 'run.planning_failed', attempt: 1, failure, usage },
    {
      type: 'run.planned',
      version: 1,
      planner: 'claude',
      steps: 1,
      planHash: 'sha256:x',
      durationMs: 1,
      usage,
    },
  ]);
  for (const [kind, count] of Object.entries({
    input: 40,
    output: 80,
    cache_read: 120,
    cache_write: 160,
  })) {
    assert.ok(
      text.includes(`nova_llm_tokens_total{model="a-model",kind="${kind}"} ${count}\n`),
      kind,
    );
  }
  assert.match(text, /^nova_llm_cost_usd_total\{model="a-model"\} 1$/m);
});

test('runs and their cost are counted by agent, and there is a zero before the first', async () => {
  const planned = { type: 'run.planned', version: 1, planner: 'claude', steps: 1 } as const;
  const { text } = await recorded([
    { ...planned, planHash: 'sha256:x', durationMs: 1, usage },
    { type: 'run.finished', outcome: 'failed', durationMs: 9, failure },
  ]);
  assert.match(text, /^nova_agent_runs_total\{agent="an-agent",status="failed"\} 1$/m);
  assert.match(text, /^nova_agent_runs_total\{agent="an-agent",status="succeeded"\} 0$/m);
  assert.match(text, /^nova_agent_llm_cost_usd_total\{agent="an-agent"\} 0.25$/m);
});

test('one line an event: its name, its run and its facts, louder when something failed', async () => {
  const { lines } = await recorded([
    { type: 'run.started', workerId: 'wrk_1', epoch: 1 },
    { type: 'run.started', workerId: 'wrk_1', epoch: 3 },
    { type: 'step.completed', ...step, durationMs: 7 },
    { type: 'step.failed', ...step, durationMs: 7, failure },
    { type: 'run.finished', outcome: 'failed', durationMs: 9, failure },
    { type: 'run.finished', outcome: 'succeeded', durationMs: 9 },
  ]);
  assert.deepEqual(
    lines.map(({ level, event }) => `${String(level)} ${String(event)}`),
    [
      'debug run.started',
      'info run.started',
      'debug step.completed',
      'warn step.failed',
      'warn run.finished',
      'info run.finished',
    ],
  );
  const { time: _time, ...line } = lines[3] ?? {};
  assert.deepEqual(line, {
    level: 'warn',
    service: 'worker',
    event: 'step.failed',
    runId: 'run_1',
    tenant: 'default',
    planner: 'rules',
    traceId: 'a1',
    step: 'fetch',
    skill: 'http_request',
    attempt: 1,
    durationMs: 7,
    failure,
  });
});

async function recorded(
  events: readonly RunEvent[],
): Promise<{ text: string; lines: Record<string, unknown>[] }> {
  const lines: Record<string, unknown>[] = [];
  const metrics = createMetrics({ service: 'worker', version: '1' });
  const log = createLogger({
    service: 'worker',
    level: 'debug',
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const context = {
    runId: 'run_1',
    tenant: 'default',
    planner: 'rules',
    agent: 'an-agent',
    traceId: 'a1',
  } as const;
  for (const event of events) {
    recordEvent({ metrics, log }, context, event);
  }
  return { text: await metrics.exposition(), lines };
}
