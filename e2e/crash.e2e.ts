import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { type Failpoint, failpoints } from '@aos/engine';
import { startPageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack } from './stack.ts';

/** Reads, changes something by key, reads again: every kind of moment a worker can die in. */
function plan(url: string) {
  return {
    version: 1,
    steps: [
      { key: 'first', skill: 'http_request', input: { url: `${url}/first` } },
      {
        key: 'change',
        skill: 'http_request',
        input: { url: `${url}/change`, method: 'PUT', text: '${first.text}' },
      },
      { key: 'last', skill: 'http_request', input: { url: `${url}/last` }, after: ['change'] },
    ],
    output: { last: '${last.text}' },
  } as const;
}

const paths = ['/first', '/change', '/last'];

describe('a worker that dies', () => {
  for (const failAt of failpoints) {
    test(`at ${failAt} loses nothing and repeats no completed step`, async () => {
      await crashAt(failAt);
    });
  }
});

async function crashAt(failAt: Failpoint): Promise<void> {
  await using pages = await startPageServer(
    Object.fromEntries(paths.map((path) => [path, `<p>${path}</p>`])),
  );
  await using stack = await startStack({
    env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host },
  });
  // A first worker tells the catalog what there is, and goes before there is work.
  stack.workers[0]?.kill('SIGTERM');
  await stack.workers[0]?.exited;
  const run = await stack.client.runs.create({ goal: 'Survive', plan: plan(pages.url) });
  const doomed = await stack.addWorker({ AOS_FAIL_AT: failAt }, { waitReady: false });
  assert.equal((await doomed.exited).signal, 'SIGKILL', doomed.log());
  await stack.addWorker();

  const finished = await eventually(async () => {
    const now = await stack.client.runs.get(run.id);
    return now.status === 'finished' ? now : undefined;
  });
  assert.equal(finished.outcome, 'succeeded', JSON.stringify(finished.failure));
  const report = await stack.client.runs.report(run.id);
  assert.deepEqual(report.output, { last: '<p>/last</p>' });
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);

  const { items: events } = await stack.client.runs.eventList(run.id);
  const completions = events.filter(({ type }) => type === 'step.completed');
  assert.equal(completions.length, paths.length);
  const keys = pages.requests
    .filter(({ path }) => path === '/change')
    .map(({ headers }) => headers['idempotency-key']);
  assert.ok(
    keys.length <= 2 && new Set(keys).size === 1,
    `one key for all attempts: ${keys.join()}`,
  );
}

test('a worker that is frozen past its lease and wakes up again changes nothing', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  await using pages = await startPageServer({
    '/slow': async (_request, response) => {
      await held;
      response.end('<p>slow</p>');
    },
  });
  await using stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  const run = await stack.client.runs.create({
    goal: 'Freeze',
    plan: {
      version: 1,
      steps: [
        {
          key: 'slow',
          skill: 'http_request',
          input: { url: `${pages.url}/slow` },
          timeoutMs: 60_000,
        },
      ],
    },
  });
  const [frozen] = stack.workers;
  await eventually(() => (pages.requests.length === 1 ? true : undefined));
  frozen?.kill('SIGSTOP');
  await stack.addWorker();
  // The lease of the frozen one runs out, and the other asks the same page again.
  await eventually(() => (pages.requests.length === 2 ? true : undefined), 20_000);
  release();
  const finished = await eventually(async () => {
    const now = await stack.client.runs.get(run.id);
    return now.status === 'finished' ? now : undefined;
  });
  frozen?.kill('SIGCONT');
  await eventually(() => (frozen?.log().includes('worker.lease_lost') ? true : undefined));
  assert.equal(finished.outcome, 'succeeded');
  const { items: events } = await stack.client.runs.eventList(run.id);
  assert.equal(events.filter(({ type }) => type === 'step.completed').length, 1);
  assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  // It took a new life, and works.
  const next = await stack.client.runs.create(
    {
      goal: 'Go on',
      plan: {
        version: 1,
        steps: [{ key: 'ask', skill: 'http_request', input: { url: `${pages.url}/slow` } }],
      },
    },
    { waitS: 20 },
  );
  assert.equal(next.outcome, 'succeeded');
});
