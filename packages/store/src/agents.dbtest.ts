import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { completeAgent } from '@aos/core';

import * as agents from './agents.ts';
import * as skills from './skills.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';

const manifest = (version: string, description = 'x') => ({
  name: 'echo',
  version,
  description,
  input: {},
  output: {},
  effect: 'pure' as const,
  permissions: [],
  limits: { timeoutMs: 1, timeoutMaxMs: 1, outputBytes: 1 },
  cost: { kind: 'free' as const },
  failures: [],
  examples: [],
});

describe('agents and skills in the store', () => {
  let store: TestStore;
  before(async () => {
    store = await startTestStore();
  });
  after(() => store[Symbol.asyncDispose]());

  const acting = <T>(work: Parameters<typeof store.api.actingFor<T>>[1]) =>
    store.api.actingFor(['default'], work);
  const definition = completeAgent({ name: 'writer', description: 'Writes.' });

  test('of two changes to one version one is made, and a version never changes', async () => {
    await acting((tx) => agents.create(tx, 'default', definition));
    assert.equal(await acting((tx) => agents.create(tx, 'default', definition)), undefined);
    const changes = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        acting((tx) =>
          agents.update(tx, 'default', { ...definition, description: `Change ${n}.` }, 1),
        ),
      ),
    );
    assert.equal(changes.filter((agent) => agent !== undefined).length, 1);
    const newest = await acting((tx) => agents.get(tx, 'writer'));
    assert.equal(newest.version, 2);
    const first = await acting((tx) => agents.get(tx, 'writer', 1));
    assert.deepEqual(first.definition, definition);
    await assert.rejects(
      acting((tx) => tx.query(`update aos.agents set definition = '{}'`)),
      /permission denied/,
    );
  });

  test('the status is of all versions; another tenant has agents of its own', async () => {
    await store.api.actingFor(['default'], (tx) => agents.setStatus(tx, 'writer', 'disabled'));
    const old = await store.api.actingFor(['default'], (tx) => agents.get(tx, 'writer', 1));
    assert.equal(old.status, 'disabled');
    await assert.rejects(
      store.api.actingFor(['other'], (tx) => agents.get(tx, 'writer')),
      { code: 'agent_not_found' },
    );
    await assert.rejects(
      store.api.actingFor(['other'], (tx) => agents.create(tx, 'default', definition)),
      /row-level security/,
    );
    const list = await store.api.actingFor(['default'], (tx) => agents.list(tx));
    assert.deepEqual(
      list.map((agent) => [agent.definition.name, agent.version]),
      [
        ['general', 1],
        ['writer', 2],
      ],
    );
  });

  test('the greatest version of a skill counts, by number and not by letter', async () => {
    const worker = store.database('aos_worker');
    await skills.publish(worker, [manifest('1.10.0'), manifest('1.9.0')]);
    await skills.publish(worker, [manifest('1.2.0')]);
    assert.deepEqual(
      (await skills.list(store.api)).map((skill) => skill.manifest.version),
      ['1.10.0'],
    );
    const [earlier] = await skills.list(store.api);
    await skills.publish(worker, [manifest('1.10.0')]);
    assert.deepEqual((await skills.list(store.api))[0], earlier, 'published again it is the same');
    await skills.publish(worker, [manifest('1.10.0', 'y')]);
    assert.equal((await skills.list(store.api))[0]?.manifest.description, 'y');
    await assert.rejects(skills.publish(worker, [manifest('next')]), /no version like 1\.2\.3/);
    await assert.rejects(skills.publish(store.api, [manifest('2.0.0')]), /permission denied/);
  });
});
