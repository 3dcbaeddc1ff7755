import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as apiKeys from './api-keys.ts';
import { startTestStore, type TestStore } from './store.fixture.ts';

describe('API keys', () => {
  let store: TestStore;
  before(async () => {
    store = await startTestStore();
  });
  after(() => store[Symbol.asyncDispose]());

  test('a key is found by its id before any tenant is known; its secret is nowhere in the database', async () => {
    const expiresAt = new Date('2100-01-01T00:00:00Z');
    const { id, key } = await apiKeys.create(store.owner, {
      tenant: 'other',
      name: 'ci',
      scopes: ['runs:read'],
      expiresAt,
    });
    assert.match(key, /^aos_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    const parts = apiKeys.parse(key);
    assert.equal(parts?.id, id);
    const found = await apiKeys.find(store.api, id);
    assert.deepEqual(
      { ...found, secretHash: undefined },
      { id, tenant: 'other', name: 'ci', scopes: ['runs:read'], expiresAt, secretHash: undefined },
    );
    assert.deepEqual(found?.secretHash, apiKeys.hashSecret(parts?.secret ?? ''));
    const [row] = await store.owner.query<{ text: string }>(
      `select to_jsonb(k)::text as text from aos.api_keys k where name = 'ci'`,
    );
    assert.ok(!row?.text.includes(parts?.secret ?? ''));
  });

  test('two keys never have the same secret, and the use of a key is noted', async () => {
    const make = () =>
      apiKeys.create(store.owner, { tenant: 'default', name: 'a', scopes: ['admin'] });
    const [one, two] = [await make(), await make()];
    assert.notEqual(one.key.slice(-43), two.key.slice(-43));
    await apiKeys.find(store.api, one.id);
    const rows = await store.owner.query<{ used: boolean }>(
      `select last_used_at is not null as used from aos.api_keys where name = 'a' order by id`,
    );
    assert.deepEqual(
      rows.map(({ used }) => used),
      [true, false],
    );
  });

  test('a revoked key is found as revoked; the API reads no rows but through the one look-up', async () => {
    const { id } = await apiKeys.create(store.owner, {
      tenant: 'default',
      name: 'b',
      scopes: ['admin'],
    });
    assert.equal(await apiKeys.revoke(store.owner, id), true);
    assert.ok((await apiKeys.find(store.api, id))?.revokedAt);
    assert.equal(await apiKeys.revoke(store.api, id), false, 'it acts for nobody');
    assert.deepEqual(await store.api.query(`select * from aos.api_keys`), []);
  });

  test('what has not the form of a key has no parts', () => {
    const tail = 'A'.repeat(43);
    const hex = 'a'.repeat(32);
    for (const key of [
      '',
      'aos_',
      `aos_${hex}_${tail}A`,
      `aos_${hex}_${tail.slice(1)}`,
      `aos_${hex.toUpperCase()}_${tail}`,
      ` aos_${hex}_${tail}`,
      `aos_${hex}_${tail}\n`,
    ]) {
      assert.equal(apiKeys.parse(key), undefined, JSON.stringify(key));
    }
  });
});
