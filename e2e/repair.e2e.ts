import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { violationsOf } from '@aos/checker';
import { createClient, type OperationResource } from '@aos/sdk';
import { startPageServer, type PageServer } from '@aos/testing';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

const ended = (client: Stack['client'], id: string) =>
  eventually(async (): Promise<OperationResource | undefined> => {
    const operation = await client.operations.get(id);
    return operation.state === 'running' ? undefined : operation;
  });

describe('dead letters on real processes', () => {
  let pages: PageServer;
  let stack: Stack;
  before(async () => {
    pages = await startPageServer({
      '/good': 'good',
      '/gone': (_request, response) => {
        response.writeHead(404);
        response.end();
      },
    });
    stack = await startStack({ workers: 2, env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await pages[Symbol.asyncDispose]();
  });

  const fail = (count: number, tag: string) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const { id } = await stack.client.runs.create(
          {
            goal: 'Read the page',
            tags: [tag],
            input: { path: 'gone' },
            plan: {
              version: 1,
              steps: [
                {
                  key: 'get',
                  skill: 'http_request',
                  input: { url: `${pages.url}/\${input.path}` },
                  retry: { attempts: 1 },
                },
              ],
            },
          },
          { waitS: 60 },
        );
        return id;
      }),
    );
  const childrenOf = (ids: readonly string[]) =>
    stack.database.query<{ outcome: string | null }>(
      `select outcome from aos.runs where 'run_' || origin_run_id = any ($1)`,
      [ids],
    );

  test('a wrong fix costs one run', async () => {
    const ids = await fail(10, 'wrong');
    const letters = await stack.client.deadLetters.list({ state: 'open' });
    assert.equal(letters.items.length, 10);
    const [letter] = letters.items;
    assert.equal(letter?.failure.code, 'target_refused');
    assert.equal(letter?.step?.skill, 'http_request');
    const { id } = await stack.client.deadLetters.redrive({
      case: letter?.case ?? '',
      mode: 'retry',
      patch: [{ op: 'replace', path: '/input/path', value: 'nowhere' }],
      reason: 'It moved.',
    });
    const operation = await ended(stack.client, id);
    assert.equal(operation.state, 'stopped');
    assert.equal((await childrenOf(ids)).length, 1);
    await stack.client.deadLetters.discard({ case: letter?.case ?? '', reason: 'Tried.' });
  });

  test('a fix goes on to its end when the replica that drives it is killed, and makes no run twice', async () => {
    const ids = await fail(40, 'right');
    const other = await stack.addApi();
    const client = createClient({ url: `http://127.0.0.1:${other.port}`, apiKey: stack.key });
    const wish = {
      filter: { code: 'target_refused' },
      mode: 'retry',
      patch: [{ op: 'replace', path: '/input/path', value: 'good' }],
      reason: 'The page is back elsewhere.',
      ratePerSecond: 20,
    } as const;
    const look = await client.deadLetters.redrive.preview({ ...wish, patch: [...wish.patch] });
    assert.equal(look.count, 40);
    const { id } = await stack.client.deadLetters.redrive({
      ...wish,
      patch: [...wish.patch],
      selection: look.selection,
    });
    await eventually(async () => {
      const { progress } = await client.operations.get(id);
      return progress.started > 10 ? true : undefined;
    });
    stack.api.kill('SIGKILL');
    await stack.api.exited;
    const operation = await ended(client, id);
    assert.equal(operation.state, 'done', JSON.stringify(operation));
    assert.equal(operation.stage, 2);
    await eventually(async () => {
      const { progress } = await client.operations.get(id);
      return progress.succeeded === 40 ? true : undefined;
    });
    assert.equal((await childrenOf(ids)).length, 40);
    assert.deepEqual((await client.deadLetters.list({ state: 'open' })).items, []);
    const dead = await stack.database.query(`select 1 from pgboss.job where name = 'runs_dead'`);
    assert.deepEqual(dead, []);
    assert.deepEqual(await violationsOf({ databaseUrl: stack.databaseUrl }), []);
  });
});
