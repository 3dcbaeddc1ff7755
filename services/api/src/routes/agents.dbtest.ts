import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createClient } from '@aos/sdk';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

describe('agents', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const put = (name: string, version: string | undefined, more: object = {}) =>
    api.ask(`/v1/agents/${name}`, {
      method: 'PUT',
      json: { name, description: 'Changed.', ...more },
      headers: version === undefined ? {} : { 'if-match': version },
    });
  const call = (parameters: object) =>
    api.ask('/v1/runs', {
      json: { goal: 'x', agent: 'teller', plan: { template: 'tell', parameters } },
    });
  const create = (name: string, more: object = {}) =>
    api.ask('/v1/agents', { json: { name, description: 'An agent.', ...more } });

  test('every tenant has those that AOS comes with', async () => {
    for (const key of [api.key, api.otherKey]) {
      const { json } = await api.ask('/v1/agents', { key });
      assert.deepEqual(
        json.items.map(({ name, version }: { name: string; version: number }) => [name, version]),
        [['default', 1]],
      );
    }
  });

  test('are versioned: a change makes the next version, and the old one can still be read', async () => {
    const made = await create('writer', { skills: ['echo'] });
    assert.equal(made.status, 201);
    assert.equal(made.headers.get('etag'), '"1"');
    assert.equal(made.headers.get('location'), '/v1/agents/writer');
    assert.equal((await create('writer')).json.code, 'agent_exists');

    const next = await put('writer', '"1"', { skills: ['*'] });
    assert.equal(next.status, 200);
    assert.equal(next.json.version, 2);
    assert.equal(next.headers.get('etag'), '"2"');
    const old = await api.ask('/v1/agents/writer?version=1');
    assert.deepEqual([old.json.version, old.json.skills], [1, ['echo']]);
    assert.equal((await api.ask('/v1/agents/writer')).json.version, 2);
    assert.equal((await api.ask('/v1/agents/writer?version=3')).status, 404);
  });

  test('a change needs the version that was read', async () => {
    await create('guarded');
    assert.equal((await put('guarded', undefined)).json.code, 'precondition_required');
    assert.equal((await put('guarded', '"7"')).json.code, 'version_conflict');
    assert.equal((await put('guarded', 'W/"1"')).status, 412);
    assert.equal((await put('missing', '"1"')).status, 404);
    const both = await Promise.all([put('guarded', '"1"'), put('guarded', '"1"')]);
    assert.deepEqual(both.map(({ status }) => String(status)).toSorted(), ['200', '412']);
    const renamed = await api.ask('/v1/agents/guarded', {
      method: 'PUT',
      json: { name: 'other', description: 'x' },
      headers: { 'if-match': '*' },
    });
    assert.equal(renamed.status, 422);
  });

  test('If-None-Match spares the body, and notices a disabled agent', async () => {
    const { agents } = createClient({ url: api.url, apiKey: api.key });
    await agents.create({ name: 'cached', description: 'x' });
    const read = (etag: string) =>
      api.ask('/v1/agents/cached', { headers: { 'if-none-match': etag } });
    assert.equal((await read('"1"')).status, 304);
    await agents.disable('cached', 1);
    assert.equal((await read('"1"')).status, 200);
    assert.equal((await agents.disable('cached', 1)).status, 'disabled');
  });

  test('a disabled agent takes no new runs until it is changed', async () => {
    await create('lazy');
    const run = () =>
      api.ask('/v1/runs', { json: { goal: 'x', agent: 'lazy', plan: echoPlan('a') } });
    assert.equal((await run()).status, 202);
    await api.ask('/v1/agents/lazy', { method: 'DELETE', headers: { 'if-match': '"1"' } });
    const told = await run();
    assert.equal(told.status, 422);
    assert.match(told.json.errors[0].detail, /disabled/);
    const again = await put('lazy', '"1"');
    assert.deepEqual([again.json.status, again.json.version], ['active', 2]);
    assert.equal((await run()).json.agent.version, 2);
  });

  test('an agent may use the skills it names, and no others', async () => {
    await create('mute', { skills: ['send'] });
    const told = await api.ask('/v1/runs', {
      json: { goal: 'x', agent: 'mute', plan: echoPlan('a') },
    });
    assert.equal(told.json.code, 'plan_invalid');
    assert.match(told.text, /the agent mute may not use/);
  });

  test('templates are checked when the agent is made, and calls of them when they are asked for', async () => {
    const template = {
      description: 'Says a word.',
      parameters: {
        type: 'object',
        required: ['word'],
        properties: { word: { type: 'string', maxLength: 5 } },
      },
      plan: echoPlan('${input.word}'),
    };
    const bad = await create('bad', {
      templates: {
        a: { ...template, plan: { version: 1, steps: [{ key: 'a', skill: 'x', input: {} }] } },
      },
    });
    assert.equal(bad.json.errors[0].pointer, '#/templates/a/plan/steps/0/skill');
    const schema = await create('bad', {
      templates: { a: { ...template, parameters: { type: 'nonsense' } } },
    });
    assert.equal(schema.json.errors[0].pointer, '#/templates/a/parameters');

    assert.equal((await create('teller', { templates: { tell: template } })).status, 201);
    const run = await call({ word: 'hello' });
    assert.deepEqual([run.status, run.json.planner], [202, 'template']);
    assert.equal(
      (await call({ word: 'too long' })).json.errors[0].pointer,
      '#/plan/parameters/word',
    );
    assert.equal((await call({})).status, 422);
  });

  test('skills are listed as they were published, the newest version of each', async () => {
    const { json } = await api.ask('/v1/skills');
    assert.deepEqual(
      json.items.map(({ name }: { name: string }) => name),
      ['echo', 'send'],
    );
    const { json: one } = await api.ask('/v1/skills/send');
    assert.equal(one.effect, 'unkeyed');
    assert.equal((await api.ask('/v1/skills/fly')).json.code, 'skill_not_found');
  });
});
