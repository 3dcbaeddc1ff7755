import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClaimLost, uuidOf, WORKSPACE_BYTES_MAX, WORKSPACE_FILES_MAX } from '@aos/core';

import * as artifacts from './artifacts.ts';
import { letGo, type Claim } from './claims.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';
import { finished, startTestWorker, type TestWorker } from './worker.fixture.ts';
import * as workspace from './workspace.ts';

async function withRun(
  work: (given: {
    store: TestStore;
    worker: TestWorker;
    runId: string;
    claim: Claim;
    write: (name: string, content: Buffer | string) => Promise<unknown>;
  }) => Promise<void>,
): Promise<void> {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const runId = await store.newRun();
  const claim = await worker.claim(runId);
  const write = (name: string, content: Buffer | string) =>
    workspace.write(worker.database, {
      runId,
      epoch: claim.epoch,
      stepKey: 'say',
      name,
      mediaType: 'text/plain',
      content: Buffer.from(content),
    });
  await work({ store, worker, runId, claim, write });
}

test('a file is written, replaced, listed and read, with its digest', () =>
  withRun(async ({ store, runId, write }) => {
    await write('a.txt', 'one');
    assert.deepEqual(await write('a.txt', 'hello'), {
      digest: 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      bytes: 5,
    });
    await write('empty', '');
    const listed = await artifacts.list(store.owner, runId);
    assert.deepEqual(
      listed.map(({ name, bytes, stepKey }) => [name, bytes, stepKey]),
      [
        ['a.txt', 5, 'say'],
        ['empty', 0, 'say'],
      ],
    );
    const bytes = Buffer.from([0, 255, 10, 0]);
    await write('b.bin', bytes);
    assert.deepEqual((await artifacts.find(store.owner, runId, 'b.bin'))?.content, bytes);
    assert.equal(await artifacts.find(store.owner, runId, '../a.txt'), undefined);
  }));

test('only under the claim that holds the run may anybody write into it', () =>
  withRun(async ({ store, worker, runId, claim, write }) => {
    const { database } = worker;
    const file = (epoch: number, id = runId) => ({
      runId: id,
      stepKey: 'x',
      epoch,
      name: 'x',
      mediaType: 'text/plain',
      content: Buffer.from('x'),
    });
    await assert.rejects(workspace.write(database, file(claim.epoch - 1)), ClaimLost);
    await assert.rejects(workspace.write(database, file(claim.epoch, 'run_x')), ClaimLost);
    await letGo(database, worker.queue, claim, 0);
    await assert.rejects(write('x', 'x'), ClaimLost);
    // The same worker holds it again: what its first claim still tries is refused all the same.
    const again = await worker.claim(runId);
    await assert.rejects(write('x', 'x'), ClaimLost);
    assert.deepEqual(await artifacts.list(store.owner, runId), []);
    await workspace.write(database, file(again.epoch));
  }));

test('a finished run takes no more files', async () => {
  await using store = await startTestStore();
  await using worker = await startTestWorker(store);
  const claim = await worker.claim(await store.newRun());
  await worker.journal.commit(claim, finished);
  const file = {
    runId: claim.run.id,
    stepKey: 'x',
    epoch: claim.epoch,
    name: 'x',
    mediaType: 'text/plain',
    content: Buffer.from('x'),
  };
  await assert.rejects(workspace.write(worker.database, file), ClaimLost);
});

test('a workspace is full at its bytes, also when two write at once; replacing makes room', () =>
  withRun(async ({ store, runId, write }) => {
    const quarter = Buffer.alloc(WORKSPACE_BYTES_MAX / 4);
    for (const name of ['a', 'b', 'c']) await write(name, quarter);
    const given = await Promise.allSettled([write('d', quarter), write('e', quarter)]);
    const refused = given.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    assert.equal(refused.length, 1);
    assert.equal(refused[0]?.reason.code, 'quota_exceeded');
    await assert.rejects(write('f', 'x'), { code: 'quota_exceeded' });
    await write('a', 'small');
    await write('f', 'x');
    const total = (await artifacts.list(store.owner, runId)).reduce(
      (sum, { bytes }) => sum + bytes,
      0,
    );
    assert.equal(total, (WORKSPACE_BYTES_MAX / 4) * 3 + 6);
  }));

test('a workspace is full at its number of files', () =>
  withRun(async ({ store, runId, write }) => {
    await store.owner.query(
      `insert into aos.artifacts (tenant_id, run_id, name, media_type, bytes, digest, content)
       select 'default', $1, 'f' || n, 'text/plain', 0, '', '' from generate_series(2, $2::int) n`,
      [uuidOf('run', runId), WORKSPACE_FILES_MAX],
    );
    await write('last', 'x');
    await assert.rejects(write('more', 'x'), { code: 'quota_exceeded' });
    await write('last', 'y');
  }));
