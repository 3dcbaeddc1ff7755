import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startPageServer } from '@aos/testing';

import { googleHeadings, googlePage, MISSION_GOAL } from './pages.ts';
import { startStack } from './stack.ts';

/** What a step of the report returned. */
interface Extracted {
  readonly headings: readonly { readonly level: number; readonly text: string }[];
}

test('the goal of the mission works as typed, offline, and every hop of it is on record', async () => {
  await using pages = await startPageServer({ '/': googlePage });
  await using stack = await startStack({
    workers: 2,
    env: {
      AOS_CONNECT_TO: `google.com=${pages.host}`,
      AOS_ALLOW_PRIVATE_HOSTS: pages.host,
      AOS_DEFAULT_SCHEME: 'http',
    },
  });
  const { client, database } = stack;

  const run = await client.runs.create({ goal: MISSION_GOAL }, { waitS: 20 });
  assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
  assert.equal(run.planner, 'rules');

  const report = await client.runs.report(run.id);
  const extract = report.steps.find(({ skill }) => skill === 'html_extract');
  assert.deepEqual((extract?.output as Extracted | undefined)?.headings, googleHeadings);
  assert.deepEqual(
    report.steps.map(({ skill, status }) => [skill, status]),
    [
      ['http_request', 'completed'],
      ['html_extract', 'completed'],
      ['llm_invoke', 'completed'],
    ],
  );
  assert.match(report.notes.join(' '), /extractive|no language model/i);
  const output = report.output as { readonly headings?: unknown; readonly summary?: string };
  assert.ok(output.summary && output.summary.length > 20, JSON.stringify(output));

  const { items: events } = await client.runs.eventList(run.id);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index),
  );
  assert.deepEqual(
    events.map(({ type }) => type).filter((type) => type !== 'step.started'),
    [
      'run.accepted',
      'run.started',
      'run.planned',
      'step.completed',
      'step.completed',
      'step.completed',
      'run.finished',
    ],
  );
  const [stored] = await database.query<{ steps: number; plans: number; jobs: string }>(
    `select (select count(*)::int from aos.steps where status = 'completed') as steps,
            (select count(*)::int from aos.plans) as plans,
            (select string_agg(state::text, ',') from pgboss.job) as jobs`,
  );
  assert.deepEqual(stored, { steps: 3, plans: 1, jobs: 'completed' });
  const metrics = await (await fetch(`${stack.url}/metrics`)).text();
  assert.match(metrics, /^nova_runs_total\{status="succeeded",planner="rules"\} 1$/m);
  assert.match(metrics, /^nova_skill_attempts_total\{skill="html_extract"\} 1$/m);
  assert.match(metrics, /^nova_worker_pool_size 400$/m);
  assert.match(metrics, /^nova_db_pool_connections\{state="idle"\} [1-9]/m);
  assert.match(metrics, /^nova_journal_batch_size_count 1$/m);
  const worker = await (await fetch(`http://127.0.0.1:${stack.workers[0]?.port}/metrics`)).text();
  assert.match(worker, /^nova_worker_runs_in_flight 0$/m);
});
