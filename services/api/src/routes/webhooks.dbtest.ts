import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startTestApi, type TestApi } from '../api.fixture.ts';

const HOOK = 'https://example.org/hook';

describe('webhooks over HTTP', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const make = async (body: object = {}) => {
    const told = await api.ask('/v1/webhooks', { json: { url: HOOK, ...body } });
    assert.equal(told.status, 201, told.text);
    return told.json;
  };
  const post = (path: string, json?: object) =>
    api.ask(`/v1/webhooks/${path}`, { method: 'POST', ...(json && { json }) });

  test('the secret is told once, and never again', async () => {
    const made = await make({ types: ['run.finished'], description: 'Ends' });
    assert.match(made.secret, /^whsec_/);
    const { secret, ...rest } = made;
    const read = await api.ask(`/v1/webhooks/${made.id}`);
    assert.deepEqual(read.json, rest);
    const list = await api.ask('/v1/webhooks');
    assert.doesNotMatch(read.text + list.text + api.log(), /whsec_|"secret"/);
    assert.ok(!api.log().includes(secret));
    const rotated = await post(`${made.id}/secret`, { overlapSeconds: 60 });
    assert.notEqual(rotated.json.secret, secret);
    assert.ok(Date.parse(rotated.json.oldSecretUntil) > Date.now());
  });

  test('an address must be one that can be sent to, without a password in it', async () => {
    for (const [url, word] of [
      ['ftp://example.org/', '#/url'],
      ['https://', 'no address'],
      ['https://me:secret@example.org/', 'password'],
      ['https://example.org/#x', 'fragment'],
      [`https://example.org/${'a'.repeat(2048)}`, '#/url'],
    ] as const) {
      const told = await api.ask('/v1/webhooks', { json: { url } });
      assert.equal(told.status, 422, url);
      assert.ok(told.text.includes(word), told.text);
    }
    const typed = await api.ask('/v1/webhooks', { json: { url: HOOK, types: ['run.exploded'] } });
    assert.equal(typed.status, 422);
  });

  test('is changed, disabled and removed', async () => {
    const { secret: _secret, ...made } = await make();
    const { url, types, agents } = made;
    const change = { url, types, agents, description: 'Off', state: 'disabled' };
    const put = (json: object) => api.ask(`/v1/webhooks/${made.id}`, { method: 'PUT', json });
    const off = await put(change);
    assert.deepEqual([off.json.state, off.json.disabledReason], ['disabled', 'by its owner']);
    assert.equal((await put({ ...change, state: 'active' })).json.disabledReason, null);
    assert.equal((await put({ url })).status, 422);
    assert.equal((await api.ask(`/v1/webhooks/${made.id}`, { method: 'DELETE' })).status, 204);
    assert.equal((await api.ask(`/v1/webhooks/${made.id}`)).json.code, 'webhook_not_found');
  });

  test('deliveries are listed page by page, read and sent again', async () => {
    const made = await make();
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await post(`${made.id}/ping`)).json.id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? 'limit=2' : `limit=2&cursor=${cursor}`;
      const { json } = await api.ask(`/v1/webhooks/${made.id}/deliveries?${query}`);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      cursor = json.nextCursor;
    }
    assert.deepEqual(seen, ids);
    const [id] = ids;
    const again = await post(`${made.id}/deliveries/${id}/redeliver`);
    assert.deepEqual([again.status, again.json.redeliveries], [202, 1]);
    const none = await api.ask(`/v1/webhooks/${made.id}/deliveries?state=dead`);
    assert.deepEqual(none.json.items, []);
    const many = await post(`${made.id}/redeliver`, { from: '2026-01-01T00:00:00Z', state: 'all' });
    assert.deepEqual(many.json, { count: 0, more: false });
    const wrong = await post(`${made.id}/redeliver`, {
      from: '2026-01-02T00:00:00Z',
      to: '2026-01-01T00:00:00Z',
    });
    assert.match(wrong.text, /#\/to/);
  });
});
