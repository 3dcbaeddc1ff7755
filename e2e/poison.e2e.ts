import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack } from './stack.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'poison.preload.ts')).href;

test('a run that kills its workers is executed three times, the last one alone, and harms no other', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  await using pages = await startPageServer({
    '/slow': async (_request, response) => {
      await held;
      response.end('<p>slow</p>');
    },
  });
  await using stack = await startStack({
    workers: 3,
    env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host, NODE_OPTIONS: `--import=${PRELOAD}` },
  });
  const slow = { skill: 'http_request', input: { url: `${pages.url}/slow` }, timeoutMs: 60_000 };
  const neighbours = await Promise.all(
    Array.from({ length: 3 }, () =>
      stack.client.runs.create({
        goal: 'Live beside it',
        plan: { version: 1, steps: [{ key: 'wait', ...slow }] },
      }),
    ),
  );
  await eventually(() => (pages.requests.length >= neighbours.length ? true : undefined));
  const poison = await stack.client.runs.create({
    goal: 'Kill',
    plan: {
      version: 1,
      steps: [{ key: 'poison', skill: 'http_request', input: { url: `${pages.url}/never` } }],
    },
  });
  const ended = await eventually(async () => {
    const now = await stack.client.runs.get(poison.id);
    return now.status === 'finished' ? now : undefined;
  }, 60_000);
  assert.equal(ended.outcome, 'failed');
  assert.equal(ended.failure?.code, 'run_poisoned');
  const dead = await stack.database.query(
    `select 1 from aos.workers where state = 'lost' and quarantine`,
  );
  assert.equal(dead.length, 1, 'its last worker had nothing else to do');

  release();
  for (const { id } of neighbours) {
    const run = await eventually(async () => {
      const now = await stack.client.runs.get(id);
      return now.status === 'finished' ? now : undefined;
    }, 60_000);
    assert.equal(run.outcome, 'succeeded', JSON.stringify(run.failure));
  }
  const [attempts] = await stack.database.query<{ most: number }>(
    `select max(attempt)::int as most from aos.steps where key = 'wait'`,
  );
  assert.ok((attempts?.most ?? 0) <= 3, 'no attempt of a neighbour is used up by a failure');
  assert.equal(pages.requests.filter(({ path }) => path === '/never').length, 0);
});
