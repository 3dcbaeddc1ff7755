import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dashboards, type DashboardSpec } from '@aos/dashboards';
import { lackOf } from '@aos/local';
import { startAnthropicServer, startPageServer, type AnthropicReply } from '@aos/testing';

import { eventually } from './checks.ts';
import { startScraper, type Scraper } from './scraper.ts';
import { startStack, type Stack } from './stack.ts';

/** What may be without data here, and why. Everything else must have some. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'runs: Refused':
    'The series of a reason begins with the first refusal, and nothing is refused here.',
  'queue: Attempts to deliver':
    'The series begins with the first delivery, and there is no webhook here.',
};
const DATA_TIMEOUT_MS = 45_000;
/** Grafana takes four scrapes at the least; here they are a second apart. */
const WINDOW = '1m';

const planned: AnthropicReply = {
  do: 'json',
  json: {
    plan: {
      version: 1,
      steps: [{ key: 'say', skill: 'llm_invoke', input: { prompt: 'Say something.' } }],
      output: '${say.text}',
    },
  },
};
const said: AnthropicReply = { do: 'text', text: 'Something.' };

test(
  'every expression of every panel, and every variable, finds data after traffic',
  {
    skip: lackOf('prometheus'),
  },
  async () => {
    await using pages = await startPageServer({ '/': '<h1>Hello</h1>' });
    await using model = await startAnthropicServer({
      script: [planned, said, planned, said, planned, said],
    });
    await using stack = await startStack({
      // One: what is seen for the second time then grows, whoever did it.
      workers: 1,
      env: {
        AOS_ALLOW_PRIVATE_HOSTS: pages.host,
        ANTHROPIC_API_KEY: model.apiKey,
        ANTHROPIC_BASE_URL: model.url,
      },
    });
    await using scraper = await startScraper({
      nova_agent_manager: [stack.api.port],
      nova_worker: stack.workers.map(({ port }) => port),
    });

    // Twice: a series that begins with the first has grown by nothing, whoever asks by how much.
    await makeTraffic(stack, pages.url);
    await eventually(async () => {
      const seen = await Promise.all(
        ['nova_agent_runs_total > 0', 'nova_llm_tokens_total > 0', 'nova_runs_total > 0'].map(
          (expr) => scraper.values(expr),
        ),
      );
      return seen.every((values) => values.length > 0) || undefined;
    });
    await makeTraffic(stack, pages.url);

    const until = Date.now() + DATA_TIMEOUT_MS;
    let empty = await emptyOf(scraper);
    while (empty.some((name) => !Object.hasOwn(MAY_BE_EMPTY, name)) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      empty = await emptyOf(scraper);
    }
    // Also: what is excused is without data, else the excuse is to go.
    assert.deepEqual(new Set(empty), new Set(Object.keys(MAY_BE_EMPTY)));
    await assert.rejects(scraper.values('sum(nova_runs_total'), /unclosed/);
  },
);

/** Runs that succeed, fail, wait for a human, and ask a model. */
async function makeTraffic({ client }: Stack, page: string): Promise<void> {
  const fetching = { key: 'fetch', skill: 'http_request', input: { url: page } };
  const goal = 'Fetch a page';
  const plan = { version: 1, steps: [fetching] } as const;
  for (let n = 0; n < 3; n++) {
    const run = await client.runs.create({ goal, plan }, { waitS: 30 });
    assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
  }
  const broken = { ...fetching, input: { url: `${page}/missing` }, retry: { attempts: 1 } };
  const failed = await client.runs.create(
    { goal, plan: { version: 1, steps: [broken] } },
    { waitS: 30 },
  );
  assert.equal(failed.outcome, 'failed');
  const asking = { ...fetching, approval: { reason: 'Somebody must look.' } };
  const { id } = await client.runs.create({ goal, plan: { version: 1, steps: [asking] } });
  await eventually(async () =>
    (await client.runs.get(id)).status === 'waiting' ? true : undefined,
  );
  const asked = await client.runs.create(
    { goal: 'Say something', planner: 'claude' },
    { waitS: 30 },
  );
  assert.equal(asked.outcome, 'succeeded', JSON.stringify(asked.failure));
}

/** The panels that have an expression without data, and the variables without a value. */
async function emptyOf(scraper: Scraper): Promise<string[]> {
  const empty: string[] = [];
  for (const page of dashboards) {
    for (const { name, metric } of page.variables) {
      if ((await scraper.labelValues(metric, name)).length === 0)
        empty.push(`${page.name}: $${name}`);
    }
    for (const { title, queries } of page.rows.flatMap(({ panels }) => panels)) {
      for (const { expr } of queries) {
        if ((await scraper.values(filled(expr, page))).length === 0) {
          empty.push(`${page.name}: ${title}`);
        }
      }
    }
  }
  return empty;
}

/** As Grafana asks when everything is chosen. */
function filled(expr: string, { variables }: DashboardSpec): string {
  const whole = variables.reduce(
    (text, { name }) => text.replaceAll(`$${name}`, '.*'),
    expr.replaceAll('$__rate_interval', WINDOW),
  );
  assert.ok(!whole.includes('$'), whole);
  return whole;
}
