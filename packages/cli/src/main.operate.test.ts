import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { startStandIn } from './api.fixture.ts';
import { aos } from './aos.fixture.ts';
import { eventsOf, run, runId } from './scene.fixture.ts';

const switched = {
  scope: 'agent',
  name: 'default',
  tenant: 'default',
  allTenants: false,
  reason: 'It spends too much.',
  by: 'Ann',
  since: '2026-05-01T09:00:00.000Z',
} as const;

describe('aos pause, resume and pauses', { concurrency: 2, timeout: 120_000 }, () => {
  test('a run is paused and resumed by its id', async () => {
    await using api = await startStandIn();
    const told = async (verb: string) => (await aos([verb, runId], { api })).out;
    assert.match(await told('pause'), /had finished before: succeeded/);
    api.scene.run = { ...run, status: 'running', outcome: null };
    assert.match(await told('pause'), /will rest from its next step boundary on/);
    api.scene.run = { ...run, status: 'waiting', outcome: null, waitingFor: 'pause' };
    assert.match(await told('pause'), /rests\./);
    assert.match(await told('resume'), /goes on\./);
    assert.ok(api.requests.some(({ path }) => path === `/v1/runs/${runId}/resume`));
  });

  test('a switch wants a scope, a name where there is one, and a reason', async () => {
    const cases = [
      [['pause', 'everything'], /--reason/],
      [['pause', 'agent', '--reason', 'x'], /Name the agent/],
      [['pause', 'planet', 'earth', '--reason', 'x'], /none of everything, tenant, agent, skill/],
      [['pause', runId, '--reason', 'x'], /goes with a scope/],
      [['resume', 'nothing'], /is no run id/],
    ] as const;
    for (const [words, sentence] of cases) {
      const { code, err } = await aos([...words]);
      assert.equal(code, 2, words.join(' '));
      assert.match(err, sentence);
    }
  });

  test('a switch is thrown, listed and taken back', async () => {
    await using api = await startStandIn({ pauses: [switched] });
    const thrown = await aos(['pause', 'agent', 'default', '--reason', 'It spends too much.'], {
      api,
    });
    assert.equal(thrown.code, 0);
    assert.match(thrown.out, /Agent default is paused since .* by Ann: It spends too much\./);
    assert.match(thrown.out, /aos resume agent default/);
    const { body } = await api.arrived('POST', '/admin/pause');
    assert.deepEqual(body, { scope: 'agent', name: 'default', reason: 'It spends too much.' });
    const listed = (await aos(['pauses'], { api })).out;
    assert.match(listed, /PAUSED +SINCE +BY +REASON\nagent default .* Ann +It spends too much\./);
    assert.match((await aos(['resume', 'tenant'], { api })).out, /resumed/);
    api.scene.pauses = [];
    assert.match((await aos(['resume', 'tenant'], { api })).out, /Nothing was paused/);
    assert.match((await aos(['pauses'], { api })).out, /Nothing is paused/);
  });

  test('a run that is watched says that it rests, and why', async () => {
    await using api = await startStandIn({
      events: eventsOf([
        { type: 'run.waiting', waitingFor: 'pause', by: 'Ann' },
        { type: 'run.waiting', waitingFor: 'pause', skills: ['http_request'] },
      ]),
    });
    const { out } = await aos(['watch', runId], { api });
    assert.match(out, /^paused by Ann$/m);
    assert.match(out, /^resting: paused is http_request$/m);
  });
});
