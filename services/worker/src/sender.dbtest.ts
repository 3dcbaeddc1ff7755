import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { createEgress } from '@aos/egress';
import { createDatabase, deliveries, migrate, webhooks, type Database } from '@aos/store';
import { createLogger, createMetrics } from '@aos/telemetry';
import { startPageServer, testDatabase, type Page, type PageServer } from '@aos/testing';

import { startSender } from './sender.ts';

const telemetry = {
  log: createLogger({ service: 'worker', level: 'error' }),
  metrics: createMetrics({ service: 'worker', version: '0' }),
};
const ok: Page = (_request, response) => void response.writeHead(204).end();

describe('the sender of webhooks', () => {
  const started = new AsyncDisposableStack();
  let owner: Database;
  let worker: Database;
  let target: PageServer;
  before(async () => {
    const { url } = started.use(await testDatabase());
    await migrate(url, { allowUnsafe: true });
    owner = createDatabase({ url, applicationName: 'owner' });
    worker = createDatabase({ url, role: 'aos_worker', applicationName: 'worker' });
    started.defer(() => owner.close());
    started.defer(() => worker.close());
    target = started.use(await startPageServer());
  });
  after(() => started.disposeAsync());

  const secret = Buffer.alloc(32, 7);
  const hook = (path: string, url = target.url + path) =>
    webhooks.create(owner, 'default', {
      url,
      types: ['run.finished'],
      agents: [],
      description: '',
      by: 'me',
      secret,
    });
  const send = (allowed = [target.host]) => {
    const egress = createEgress({ allowPrivateHosts: allowed });
    const sender = startSender(worker, egress, telemetry);
    return {
      async [Symbol.asyncDispose]() {
        await sender.stop();
        await egress[Symbol.asyncDispose]();
      },
    };
  };
  const finish = async (count = 1) => {
    const uuid = randomUUID();
    await owner.query(
      `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
       select 'default', $1, seq, 1, 'run.finished', '{"outcome":"succeeded"}' from generate_series(0, $2 - 1) as seq`,
      [uuid, count],
    );
    return `run_${uuid}`;
  };
  const listOf = async ({ id }: webhooks.Webhook) =>
    (await deliveries.list(owner, 'default', id, { limit: 100 })).items;
  const at = (path: string) => target.requests.filter((request) => request.path === path);

  test('an event arrives once, as a CloudEvent, signed so that its receiver can tell', async () => {
    target.serve('/one', ok);
    const made = await hook('/one');
    await using sending = new AsyncDisposableStack();
    sending.use(send());
    const runId = await finish();
    const delivered = await until(async () =>
      (await listOf(made)).find(({ state }) => state === 'delivered'),
    );
    assert.equal(at('/one').length, 1);
    const [request] = at('/one');
    assert.ok(request);
    const body = JSON.parse(request.body) as Record<string, unknown>;
    assert.deepEqual(
      { ...body, time: '' },
      {
        specversion: '1.0',
        id: `${runId}:0`,
        source: `/v1/runs/${runId}`,
        type: 'aos.run.finished',
        subject: runId,
        time: '',
        datacontenttype: 'application/json',
        sequence: '0',
        data: { outcome: 'succeeded' },
      },
    );
    const { headers } = request;
    assert.equal(headers['content-type'], 'application/cloudevents+json');
    assert.equal(headers['webhook-id'], delivered.id);
    const signed = `${delivered.id}.${String(headers['webhook-timestamp'])}.${request.body}`;
    const mac = createHmac('sha256', secret).update(signed).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${mac}`);
    assert.deepEqual(
      delivered.history.map(({ status }) => status),
      [204],
    );
    assert.doesNotMatch(
      JSON.stringify(delivered),
      new RegExp(secret.toString('base64').slice(0, 20)),
    );
  });

  test('a slow and a dead address hold up no other, and the events of one run come in order', async () => {
    const open: (() => void)[] = [];
    target.serve('/slow', (_request, response) => void open.push(() => response.end()));
    target.serve('/dead', (_request, response) => void response.writeHead(500).end('no'));
    target.serve('/fine', ok);
    const [slow, dead, fine] = [await hook('/slow'), await hook('/dead'), await hook('/fine')];
    await using sending = new AsyncDisposableStack();
    sending.use(send());
    const runs = await Promise.all(Array.from({ length: 10 }, () => finish(3)));
    await until(
      async () =>
        (await listOf(fine)).filter(({ state }) => state === 'delivered').length === 30 ||
        undefined,
    );
    for (const run of runs) {
      const seqs = at('/fine')
        .map(({ body }) => JSON.parse(body) as { subject: string; sequence: string })
        .filter(({ subject }) => subject === run)
        .map(({ sequence }) => sequence);
      assert.deepEqual(seqs, ['0', '1', '2']);
    }
    assert.equal(open.length, 4, 'the slow one has four in flight and no more');
    assert.equal((await listOf(slow)).filter(({ state }) => state === 'delivered').length, 0);
    const broken = await until(async () => {
      const now = await webhooks.get(owner, 'default', dead.id);
      return now.failures >= 5 ? now : undefined;
    });
    assert.ok(broken.pausedUntil);
    const [refused] = (await listOf(dead)).filter(({ history }) => history.length > 0);
    assert.deepEqual([refused?.history[0]?.status, refused?.history[0]?.answer], [500, 'no']);
    for (const end of open) end();
  });

  test('a private address is refused where it is not allowed, and a redirect is not followed', async () => {
    target.serve('/away', (_request, response) => {
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const [inside, away] = [await hook('/inside'), await hook('/away')];
    {
      await using sending = new AsyncDisposableStack();
      sending.use(send([]));
      await finish();
      const refused = await until(async () =>
        (await listOf(inside)).find(({ history }) => history.length > 0),
      );
      assert.match(refused.history[0]?.error ?? '', /^address_refused/);
      assert.equal(at('/inside').length, 0);
    }
    await owner.query(`update aos.deliveries set next_at = now() where state = 'pending'`);
    await using sending = new AsyncDisposableStack();
    sending.use(send());
    const failed = await until(async () =>
      (await listOf(away)).find(({ history }) =>
        history.some(({ error }) => error?.startsWith('too_many_redirects')),
      ),
    );
    assert.equal(failed.state, 'pending');
    assert.equal(at('/elsewhere').length, 0);
  });

  test('a worker that stops waits for the answer that is on its way, and records it', async () => {
    const asked = Promise.withResolvers<() => void>();
    target.serve('/last', (_request, response) => {
      asked.resolve(() => void response.writeHead(204).end());
    });
    const made = await hook('/last');
    const sending = send();
    await finish();
    const answer = await asked.promise;
    const stopped = sending[Symbol.asyncDispose]();
    answer();
    await stopped;
    const [last] = await listOf(made);
    assert.deepEqual([last?.state, at('/last').length], ['delivered', 1]);
  });

  test('a ping tells whether an address takes what it is sent', async () => {
    target.serve('/ping', (_request, response) => void response.end('pong'));
    const made = await hook('/ping');
    const { id } = await deliveries.ping(owner, 'default', made.id);
    await using sending = new AsyncDisposableStack();
    sending.use(send());
    const pinged = await until(async () => {
      const now = await deliveries.get(owner, 'default', made.id, id);
      return now.state === 'delivered' ? now : undefined;
    });
    assert.equal(pinged.history[0]?.answer, 'pong');
    assert.match(at('/ping')[0]?.body ?? '', /"aos\.webhook\.ping"/);
  });
});

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
