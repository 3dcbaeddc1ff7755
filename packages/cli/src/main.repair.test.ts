import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { startStandIn } from './api.fixture.ts';
import { aos, temporaryFolder } from './aos.fixture.ts';
import { caseId, letterId, operation, operationId, selection } from './repair.fixture.ts';
import { runId } from './scene.fixture.ts';

const why = ['--mode', 'retry', '--reason', 'Mended.'];

describe('repairing', { concurrency: 2, timeout: 120_000 }, () => {
  test('failed runs are listed by filters, without anything a terminal obeys', async () => {
    await using api = await startStandIn();
    const words = ['--case', caseId, '--state', 'open', '--since', '2026-05-01', '--limit', '5'];
    const { code, out } = await aos(['dead', 'list', ...words], { api });
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^${runId} +open +target_failed +fetch .*answered 500`, 'm'));
    assert.ok(!out.includes('\u001b'));
    const { query } = await api.arrived('GET', '/v1/dead-letters');
    assert.deepEqual(Object.fromEntries(query), {
      case: caseId,
      state: 'open',
      limit: '5',
      failedAfter: '2026-05-01T00:00:00.000Z',
    });
  });

  test('a letter is shown with its input and how to repair it, by either id', async () => {
    await using api = await startStandIn();
    for (const id of [letterId, runId, letterId.slice(3)]) {
      const { out } = await aos(['dead', 'show', id], { api });
      assert.match(out, /^Step +fetch, http_request 1\.0\.0$/m);
      assert.match(out, /Input of fetch\n {2}Url: https:\/\/a\.org/);
      assert.match(out, new RegExp(`Repair it: aos dead redrive ${letterId} --mode retry`));
    }
  });

  test('a dry run tells the number and the edits, and begins nothing', async () => {
    await using api = await startStandIn();
    const { code, out } = await aos(
      ['dead', 'redrive', '--case', caseId, ...why, '--dry-run', '--patch', '[]'],
      { api },
    );
    assert.equal(code, 0);
    assert.match(out, /^3 runs\. Nothing has been done\.$/m);
    assert.match(out, /keeps extract\n {2}\/input\/url\n {4}- "a"\n {4}\+ "b"/);
    assert.match(out, /plan_invalid: No\./);
    assert.match(out, /… and 1 more/);
    assert.equal(api.requests.length, 1);
  });

  test('a redrive begins with the runs it has seen, is followed, and tells how it ended', async () => {
    await using api = await startStandIn();
    using folder = temporaryFolder();
    const patch = [{ op: 'replace', path: '/input/url', value: 'b' }];
    writeFileSync(join(folder.path, 'p.json'), JSON.stringify(patch));
    const words = [
      '--patch',
      '@p.json',
      '--canary',
      '2,4',
      '--rate',
      '0.5',
      '--priority',
      '-5',
      '--agent-version',
      '2',
      '--from-step',
      'a',
    ];
    const { code, out, err } = await aos(['dead', 'redrive', letterId, ...why, ...words], {
      api,
      folder: folder.path,
    });
    assert.equal(code, 0, err);
    assert.match(out, /^State +done$/m);
    assert.match(out, /^Progress +3 of 3 started, 3 succeeded$/m);
    const asked = {
      ids: [letterId],
      mode: 'retry',
      reason: 'Mended.',
      fromStep: 'a',
      patch,
      agentVersion: 2,
      priority: -5,
      canary: [2, 4],
      ratePerSecond: 0.5,
    };
    assert.deepEqual(
      api.requests.map(({ body }) => body),
      [
        { ...asked, dryRun: true },
        { ...asked, selection },
      ],
    );
  });

  test('an operation that stopped ends with 1, and detached prints the id alone', async () => {
    await using api = await startStandIn();
    api.scene.repair.operation = {
      ...operation,
      state: 'stopped',
      endReason: 'Canary stage 1: of 1 runs 1 failed as before.',
      progress: { ...operation.progress, pending: 2, started: 1, succeeded: 0, failed: 1 },
    };
    const words = ['bulk', 'rerun', '--tag', 'x', '--outcome', 'failed', ...why];
    const { code, out } = await aos(words, { api });
    assert.equal(code, 1);
    assert.match(out, /^Why +Canary stage 1: of 1 runs 1 failed as before\.$/m);
    const detached = await aos([...words, '-d'], { api });
    assert.match(detached.out, new RegExp(`^${operationId}\nHow far it is: aos bulk show`));
    const { filter } = (api.requests[0]?.body ?? {}) as { filter?: object };
    assert.deepEqual(filter, {
      tag: 'x',
      outcome: 'failed',
    });
  });

  test('runs are cancelled, operations listed, shown and aborted', async () => {
    await using api = await startStandIn();
    const cancel = await aos(['bulk', 'cancel', runId, '--reason', 'No.'], { api });
    assert.equal(cancel.code, 0, cancel.err);
    const body = { runIds: [runId], reason: 'No.', selection };
    assert.deepEqual(api.requests[1]?.body, body);
    assert.match((await aos(['bulk', 'list'], { api })).out, /redrive +done +3\/3/);
    assert.match((await aos(['bulk', 'show', operationId], { api })).out, /^Reason +Mended\.$/m);
    await aos(['bulk', 'abort', operationId, '--reason', 'Wrong.'], { api });
    const abort = await api.arrived('POST', `/admin/operations/${operationId}/abort`);
    assert.deepEqual(abort.body, { reason: 'Wrong.' });
  });

  test('cases are listed and shown, and take what is said about them', async () => {
    await using api = await startStandIn();
    const list = await aos(['cases', '--state', 'open'], { api });
    assert.match(list.out, new RegExp(`^${caseId} +open again +99 +100 `, 'm'));
    assert.match(list.out, /--cursor more/);
    assert.match((await aos(['cases', caseId], { api })).out, /^Owner +ann$/m);
    const said = await aos(
      ['cases', caseId, '--fixed-in', '1.2.0', '--owner', '', '--note', 'See.'],
      { api },
    );
    assert.equal(said.code, 0, said.err);
    const { body } = await api.arrived('POST', `/v1/cases/${caseId}`);
    assert.deepEqual(body, { state: 'fixed', version: '1.2.0', owner: null, note: 'See.' });
  });

  test('letters are discarded with a reason', async () => {
    await using api = await startStandIn();
    const words = ['dead', 'discard', '--code', 'internal', '--reason', 'Old.'];
    assert.match((await aos(words, { api })).out, /^Discarded: 2\.$/m);
    const { body } = await api.arrived('POST', '/v1/dead-letters/discard');
    assert.deepEqual(body, { filter: { code: 'internal' }, reason: 'Old.' });
  });

  const wrong: [string[], RegExp][] = [
    [['dead'], /Usage: aos dead/],
    [['dead', 'redrive', ...why], /Say which: give ids, or a filter/],
    [['dead', 'redrive', letterId, '--code', 'x', ...why], /either ids or filters/],
    [['dead', 'redrive', letterId, '--mode', 'retry'], /--reason <words>' not specified/],
    [['dead', 'redrive', 'dl_1', ...why], /is no id of a dead letter/],
    [['dead', 'redrive', letterId, ...why, '--patch', '{}'], /--patch needs a list/],
    [['dead', 'redrive', letterId, ...why, '--rate', '0'], /--rate needs a number above 0/],
    [['bulk', 'cancel', '--reason', 'x'], /Say which/],
    [['bulk', 'show', runId], /is no id of an operation/],
    [['cases', 'x'], /is no case/],
    [['cases', '--mark', 'muted'], /Name the case/],
  ];
  for (const [words, expected] of wrong) {
    test(`aos ${words.join(' ')} ends with 2 and says what is wrong`, async () => {
      const { code, out, err } = await aos(words, { environment: { AOS_API_KEY: 'k' } });
      assert.match(err, expected);
      assert.deepEqual([code, out], [2, '']);
    });
  }
});
