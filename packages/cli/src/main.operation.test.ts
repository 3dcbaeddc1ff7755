import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { aos } from './aos.fixture.ts';
import { startStandIn } from './api.fixture.ts';
import { runId, target } from './scene.fixture.ts';

describe('what operators ask', { concurrency: 2, timeout: 120_000 }, () => {
  test('targets is one row for each outage, and names a run to look at', async () => {
    await using api = await startStandIn({ targets: [target] });
    const { code, out } = await aos(['targets'], { api });
    assert.equal(code, 0);
    const [head, row, more] = out.split('\n');
    assert.match(head ?? '', /^TARGET +STATE +OUT FOR +RUNS +OLDEST +WHY$/);
    assert.match(
      row ?? '',
      /^http:api\.example:443 +out +\d+ d +300 +\d+ d +https:\/\/api\.example answered 429\.$/,
    );
    assert.equal(more, `Why one of them waits: aos why ${runId}`);
  });

  test('when nothing is out it says so', async () => {
    await using api = await startStandIn();
    assert.equal((await aos(['targets'], { api })).out, 'Nothing is out.\n');
  });

  test('park and release send the reason, and tell what became of the target', async () => {
    await using api = await startStandIn();
    const words = ['park', target.target, '--reason', 'Maintenance', '--until'];
    const parked = await aos([...words, '2026-05-01T10:00:00Z'], { api });
    assert.match(
      parked.out,
      /^http:api\.example:443 is out: 300 runs waiting, tried again at 2026-/,
    );
    assert.deepEqual((await api.arrived('POST', '/admin/targets/park')).body, {
      target: target.target,
      reason: 'Maintenance',
      until: '2026-05-01T10:00:00.000Z',
    });
    const released = await aos(['release', target.target, '--reason', 'Done'], { api });
    assert.equal(released.out, 'http:api.example:443 is releasing: 300 runs waiting.\n');
    assert.deepEqual((await api.arrived('POST', '/admin/targets/release')).body, {
      target: target.target,
      reason: 'Done',
    });
  });

  test('without a reason nothing is parked', async () => {
    await using api = await startStandIn();
    const { code, err } = await aos(['park', target.target], { api });
    assert.equal(code, 2);
    assert.match(err, /--reason/);
    assert.deepEqual(api.requests, []);
  });

  test('a list by what runs wait for keeps its filter for the next page', async () => {
    await using api = await startStandIn({ nextCursor: 'abc=' });
    const { out } = await aos(['list', '--waiting-for', 'target'], { api });
    assert.match(out, /More: aos list .*--waiting-for target --cursor abc=/);
    const { query } = await api.arrived('GET', '/v1/runs');
    assert.equal(query.get('waitingFor'), 'target');
  });

  test('drill hands over to its program without an API, with its words and its exit code', async () => {
    const { code, err } = await aos(['drill', 'NoSuchAlert', '--factor', '50']);
    assert.equal(code, 2);
    assert.equal(err, 'There is no alert NoSuchAlert. --list tells which there are.\n');
    const listed = await aos(['drill', '--list']);
    assert.equal(listed.code, 0);
    assert.match(listed.out, /^WorkerPoolDown +critical +Every worker is killed\.$/m);
  });

  test('autoscale hands over to its program, with its words and its exit code', async () => {
    await using api = await startStandIn();
    const { code, err } = await aos(['autoscale', '--min', '9', '--max', '8'], { api });
    assert.equal(code, 2);
    assert.equal(err, '--min is 9 and --max is 8; --min is to be smaller.\n');
  });
});
