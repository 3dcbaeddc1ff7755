import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  promptOf,
  startAnthropicServer,
  startPageServer,
  systemOf,
  type AnthropicReply,
} from '@aos/testing';

import { eventually } from './checks.ts';
import { googlePage, MISSION_GOAL } from './pages.ts';
import { startStack, type Stack } from './stack.ts';

const plan = {
  version: 1,
  steps: [
    { key: 'fetch', skill: 'http_request', input: { url: 'http://google.com/' } },
    {
      key: 'extract',
      skill: 'html_extract',
      input: { html: '${fetch.text}', extract: ['headings'] },
    },
    {
      key: 'summarize',
      skill: 'llm_invoke',
      input: {
        prompt: 'Summarize these headings.',
        task: 'summarize',
        input: '${extract.headings}',
      },
    },
  ],
  output: { headings: '${extract.headings}', summary: '${summarize.text}' },
};
const planned: AnthropicReply = { do: 'json', json: { plan } };
const summary: AnthropicReply = { do: 'text', text: 'A page about searching, with products.' };

async function withModel(
  script: readonly AnthropicReply[],
  use: (stack: Stack, model: Awaited<ReturnType<typeof startAnthropicServer>>) => Promise<void>,
): Promise<void> {
  await using pages = await startPageServer({ '/': googlePage });
  await using model = await startAnthropicServer({ script });
  await using stack = await startStack({
    env: {
      AOS_CONNECT_TO: `google.com=${pages.host}`,
      AOS_ALLOW_PRIVATE_HOSTS: pages.host,
      ANTHROPIC_API_KEY: model.apiKey,
      ANTHROPIC_BASE_URL: model.url,
    },
  });
  await use(stack, model);
}

test('with a key Claude plans and summarizes, and the report says what it cost', async () => {
  await withModel([planned, summary], async ({ client }, model) => {
    const run = await client.runs.create({ goal: MISSION_GOAL }, { waitS: 30 });
    assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
    assert.equal(run.planner, 'claude');
    const report = await client.runs.report(run.id);
    assert.equal(
      (report.output as { readonly summary: string }).summary,
      'A page about searching, with products.',
    );
    assert.ok((report.usage?.inputTokens ?? 0) > 0);
    assert.ok((report.usage?.costUsd ?? 0) > 0);
    assert.equal(model.requests.length, 2);
    const [planning, summarizing] = model.requests;
    assert.ok(planning && summarizing);
    assert.match(systemOf(planning), /http_request/);
    assert.match(promptOf(planning), /google\.com/);
    assert.doesNotMatch(systemOf(planning), /Advanced & image search/);
    assert.match(promptOf(summarizing), /Advanced & image search/);
  });
});

test('an overloaded model is asked again, by the run and not behind its back', async () => {
  const busy: AnthropicReply = { do: 'fail', status: 529 };
  const limited: AnthropicReply = { do: 'fail', status: 429, retryAfter: '1' };
  await withModel([busy, planned, limited, summary], async ({ client }, model) => {
    const { id } = await client.runs.create({ goal: MISSION_GOAL });
    const run = await eventually(async () => {
      const now = await client.runs.get(id);
      return now.status === 'finished' ? now : undefined;
    });
    assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
    assert.equal(model.requests.length, 4);
    const { items } = await client.runs.eventList(id);
    const types = items.map(({ type }) => type);
    assert.ok(types.includes('run.planning_failed'));
    const parked = items.find(({ type }) => type === 'step.parked');
    assert.match(JSON.stringify(parked), /"target":"model:anthropic\/.*target_overloaded/);
    const report = await client.runs.report(id);
    assert.ok(
      report.steps.every(({ attempts }) => attempts === 1),
      'it used no attempt',
    );
  });
});

const endings: [string, readonly AnthropicReply[], string][] = [
  [
    'refuses to plan',
    [{ do: 'json', json: { refusal: 'This is not allowed.' } }],
    'goal_not_plannable',
  ],
  ['refuses to answer', [{ do: 'refuse' }], 'model_refused'],
  ['is cut at its output limit', [{ do: 'truncate', text: '{"plan": {"ver' }], 'model_truncated'],
  ['has spent its budget', [{ do: 'fail', status: 401 }], 'target_refused'],
  [
    'invents a skill again and again',
    Array.from({ length: 3 }, () => ({
      do: 'json' as const,
      json: { plan: { version: 1, steps: [{ key: 'x', skill: 'time_travel', input: {} }] } },
    })),
    'plan_invalid',
  ],
];
for (const [what, script, code] of endings) {
  test(`a model that ${what} ends the run as ${code}, without a step`, async () => {
    await withModel(script, async ({ client }) => {
      const run = await client.runs.create({ goal: MISSION_GOAL }, { waitS: 30 });
      assert.equal(run.outcome, 'failed');
      assert.equal(run.failure?.code, code, JSON.stringify(run.failure));
      const report = await client.runs.report(run.id);
      assert.deepEqual(report.steps, []);
      assert.ok(report.failure && report.failure.detail.length > 10);
    });
  });
}
