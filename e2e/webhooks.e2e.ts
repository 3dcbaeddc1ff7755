import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { startPageServer, type ReceivedRequest } from '@aos/testing';

import { eventually } from './checks.ts';
import type { ServiceProcess } from './process.ts';
import { startStack } from './stack.ts';

const echo = {
  version: 1,
  steps: [{ key: 'say', skill: 'json_transform', input: { data: 1, expression: '$' } }],
} as const;

test('a worker that is killed while its webhook is being told: the event arrives again, with the same id, and is recorded', async () => {
  let doomed: ServiceProcess | undefined;
  await using target = await startPageServer();
  await using stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: target.host } });
  const [first] = stack.workers;
  // The first attempt is received in full and answered by nobody: its sender is dead.
  target.serve('/hook', (_request, response) => {
    if (!doomed) return void response.writeHead(204).end();
    doomed.kill('SIGKILL');
    doomed = undefined;
  });
  const hook = await stack.client.webhooks.create({
    url: `${target.url}/hook`,
    types: ['run.finished'],
  });
  doomed = first;
  const run = await stack.client.runs.create({ goal: 'Be told', plan: echo });
  assert.ok(first);
  assert.equal((await first.exited).signal, 'SIGKILL');
  const [once] = target.requests;
  assert.ok(once);
  const [open] = (await stack.client.webhooks.deliveries(hook.id)).items;
  assert.equal(open?.state, 'pending', 'it was sent and not recorded');

  await stack.addWorker();
  // Not to wait until the attempt counts as lost.
  await stack.database.query(`update aos.deliveries set next_at = now() where state = 'pending'`);
  const delivered = await eventually(async () => {
    const [now] = (await stack.client.webhooks.deliveries(hook.id)).items;
    return now?.state === 'delivered' ? now : undefined;
  });
  assert.equal(delivered.runId, run.id);
  assert.equal(delivered.attempts, 2);
  assert.equal(target.requests.length, 2);
  for (const request of target.requests) {
    assert.equal(request.headers['webhook-id'], delivered.id);
    assert.equal(request.headers['webhook-signature'], signature(request, hook.secret));
    const body = JSON.parse(request.body) as Record<string, unknown>;
    assert.equal(body['type'], 'aos.run.finished');
    assert.equal(body['subject'], run.id);
  }
  const { items } = await stack.client.log.read({ type: 'run.finished', wait: 20 });
  assert.deepEqual(
    items.map(({ id }) => id),
    [`${run.id}:${delivered.seq}`],
  );
});

function signature({ headers, body }: ReceivedRequest, secret: string): string {
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
