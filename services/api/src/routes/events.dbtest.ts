import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';

import type { RunEvent } from '@aos/core';
import { createClient, type EventResource } from '@aos/sdk';
import { apiKeys, type Claim } from '@aos/store';

import { echoPlan, startTestApi, type TestApi } from '../api.fixture.ts';

const step = (n: number, detail = ''): RunEvent => ({
  type: 'step.skipped',
  step: `s${n}${detail}`,
  reason: 'condition',
});

const seqs = (events: readonly EventResource[]) => events.map(({ seq }) => seq);

describe('events', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api[Symbol.asyncDispose]());

  const newRun = async (): Promise<string> =>
    (await api.ask('/v1/runs', { json: { goal: 'x' } })).json.id;
  const write = (claim: Claim, ...events: RunEvent[]) => api.worker.commit(claim, { events });
  const finish = (claim: Claim) =>
    api.worker.commit(claim, {
      events: [{ type: 'run.finished', outcome: 'succeeded', durationMs: 1 }],
      next: { status: 'finished', outcome: 'succeeded' },
    });
  const client = () => createClient({ url: api.url, apiKey: api.key });

  test('are listed in pages; the last page of a finished run says so', async () => {
    const id = await newRun();
    const claim = await api.worker.claim(id);
    await write(claim, step(1), step(2));
    const page = (query: string) => api.ask(`/v1/runs/${id}/events?${query}`);
    const first = (await page('limit=2')).json;
    assert.deepEqual([seqs(first.items), first.nextAfter], [[0, 1], 1]);
    const second = (await page('limit=2&after=1')).json;
    assert.deepEqual([seqs(second.items), second.nextAfter], [[2], 2]);
    assert.deepEqual((await page('after=2')).json, { items: [], nextAfter: 2 });
    await finish(claim);
    const last = (await page('after=2')).json;
    assert.deepEqual([seqs(last.items), last.nextAfter], [[3], null]);
    assert.equal(last.items[0].type, 'run.finished');
    assert.deepEqual(last.items[0].data, { outcome: 'succeeded', durationMs: 1 });
  });

  test('are streamed as they happen, and the stream ends with the run', async () => {
    const id = await newRun();
    const seen: EventResource[] = [];
    const stream = (async () => {
      for await (const event of client().runs.events(id)) seen.push(event);
    })();
    await until(() => seen.length === 1);
    const claim = await api.worker.claim(id);
    await write(claim, step(1));
    await until(() => seen.length === 2);
    await write(claim, step(2), step(3));
    await finish(claim);
    await stream;
    assert.deepEqual(seqs(seen), [0, 1, 2, 3, 4]);
  });

  test('a stream that is cut goes on where it was, without gap or repeat', async () => {
    const id = await newRun();
    const claim = await api.worker.claim(id);
    await write(claim, ...Array.from({ length: 500 }, (_, n) => step(n)));
    let cuts = 0;
    const cutting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      // Each connection breaks in the middle of a message, after some 5 KB.
      return new Response(response.body?.pipeThrough(cutAfter(5_000, () => cuts++)), response);
    };
    const seen: EventResource[] = [];
    const reader = createClient({ url: api.url, apiKey: api.key, fetch: cutting });
    const stream = (async () => {
      for await (const event of reader.runs.events(id, { after: 10 })) seen.push(event);
    })();
    await until(() => seen.length > 100);
    await finish(claim);
    await stream;
    assert.deepEqual(
      seqs(seen),
      Array.from({ length: 491 }, (_, n) => n + 11),
    );
    assert.ok(cuts > 5, `${cuts} cuts`);
  });

  test('Last-Event-ID wins over after; behind the last event a finished stream ends at once', async () => {
    const id = await newRun();
    await api.worker.succeed(id, echoPlan('a'), { say: { text: 'a' } });
    const path = `/v1/runs/${id}/events?after=0`;
    const accept = { accept: 'text/event-stream' };
    const resumed = await api.ask(path, { headers: { ...accept, 'last-event-id': '2' } });
    assert.equal(
      resumed.text.replace(/data: \{"runId.*/, 'data: …'),
      'retry: 2000\n\nid: 3\ndata: …\n\nevent: end\ndata: {}\n\n',
    );
    const over = await api.ask(path, { headers: { ...accept, 'last-event-id': '3' } });
    assert.equal(over.text, 'retry: 2000\n\nevent: end\ndata: {}\n\n');
    const bad = await api.ask(path, { headers: { ...accept, 'last-event-id': 'x' } });
    assert.equal(bad.status, 422);
  });

  test('an event that becomes visible before the one ahead of it waits for it', async () => {
    const id = await newRun();
    const insert = (seq: number, type: string, data: object) =>
      api.owner.query(
        `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
         values ('default', $1, $2, 0, $3, $4)`,
        [id.slice(4), seq, type, JSON.stringify(data)],
      );
    await insert(2, 'run.finished', { outcome: 'succeeded', durationMs: 1 });
    const seen: EventResource[] = [];
    const stream = (async () => {
      for await (const event of client().runs.events(id)) seen.push(event);
    })();
    const others = client().runs.events(await newRun());
    const other = others[Symbol.asyncIterator]();
    await other.next(); // A reading has passed.
    await until(() => seen.length >= 1);
    await insert(1, 'step.skipped', { step: 'a', reason: 'condition' });
    await stream;
    assert.deepEqual(seqs(seen), [0, 1, 2]);
    await other.return?.();
  });

  test('many streams share one reading', async () => {
    const id = await newRun();
    const streams = Array.from({ length: 40 }, async () => {
      const seen: EventResource[] = [];
      for await (const event of client().runs.events(id)) seen.push(event);
      return seqs(seen);
    });
    const claim = await api.worker.claim(id);
    await write(claim, step(1));
    await finish(claim);
    for (const seen of await Promise.all(streams)) assert.deepEqual(seen, [0, 1, 2]);
    const [readings] = await api.owner.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
        where application_name = 'aos-api' and state <> 'idle' and datname = current_database()`,
    );
    // What the API reads for itself may be among them.
    assert.ok((readings?.count ?? 0) <= 3, `${readings?.count} readings for 40 streams`);
  });

  test('a reader that takes nothing holds a page at most, while others go on', async () => {
    const id = await newRun();
    const claim = await api.worker.claim(id);
    const socket = connect(api.api.port, '127.0.0.1');
    socket.write(
      `GET /v1/runs/${id}/events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${api.key}\r\n\r\n`,
    );
    socket.pause();
    const atFirst = process.memoryUsage.rss();
    for (let n = 0; n < 20; n++) {
      await write(claim, ...Array.from({ length: 100 }, () => step(n, 'x'.repeat(10_000))));
    }
    await finish(claim);
    const seen: number[] = [];
    for await (const { seq } of client().runs.events(id)) seen.push(seq);
    assert.equal(seen.length, 2_002);
    assert.ok(process.memoryUsage.rss() - atFirst < 300e6);
    socket.destroy();
  });

  test(
    'a stream of a key that was revoked is ended at the next heartbeat',
    { timeout: 30_000 },
    async () => {
      const key = await api.newKey({ name: 'gone' });
      const reader = createClient({ url: api.url, apiKey: key });
      const stream = reader.runs.events(await newRun())[Symbol.asyncIterator]();
      assert.equal((await stream.next()).value.seq, 0);
      await apiKeys.revoke(api.owner, apiKeys.parse(key)?.id ?? '');
      // The stream is cut, and whoever wants to go on with it is asked for a key.
      await assert.rejects(stream.next(), { code: 'unauthenticated' });
    },
  );

  test('stopping ends streams without an end, so that their readers come back', async () => {
    await using other = await startTestApi();
    const { json } = await other.ask('/v1/runs', { json: { goal: 'x', plan: echoPlan('a') } });
    const stream = other.ask(`/v1/runs/${json.id}/events`, {
      headers: { accept: 'text/event-stream' },
    });
    const wait = other.ask(`/v1/runs`, {
      json: { goal: 'x', plan: echoPlan('a') },
      headers: { prefer: 'wait=60' },
    });
    await until(async () => {
      const { items } = (await other.ask('/v1/runs')).json;
      return items.length === 2;
    });
    await other.api.stop();
    assert.doesNotMatch((await stream).text, /event: end/);
    assert.equal((await wait).status, 202);
  });
});

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 20));
}

function cutAfter(bytes: number, onCut: () => void): TransformStream<Uint8Array, Uint8Array> {
  let left = bytes;
  return new TransformStream({
    transform(chunk, controller) {
      if (chunk.length <= left) {
        left -= chunk.length;
        controller.enqueue(chunk);
        return;
      }
      controller.enqueue(chunk.subarray(0, left));
      onCut();
      controller.error(new TypeError('cut'));
    },
  });
}
