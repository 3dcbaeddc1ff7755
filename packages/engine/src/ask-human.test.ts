import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aPlan } from '@aos/testing';

import {
  advance,
  aWorld,
  decide,
  failed,
  finish,
  outcomeOf,
  outputOf,
  typesOf,
  unknown,
  type Setting,
} from './world.fixture.ts';

const plan = aPlan({ skill: 'pay', input: { to: '${input.to}' }, approval: { reason: 'Money.' } });
const skills: NonNullable<Setting['skills']> = {
  pay: { effect: 'unkeyed', act: ({ input }) => ({ paid: input['to'] ?? '' }) },
};
const input = { to: 'Ann' };

test('a step that needs leave asks with exactly what it will send, and waits', async () => {
  const world = aWorld({ plan, skills, input });
  assert.equal(await advance(world), 'waiting');
  assert.deepEqual(world.calls, []);
  const [asked] = world.approvals.values();
  assert.deepEqual(
    {
      kind: asked?.kind,
      reason: asked?.reason,
      skill: asked?.skill,
      step: asked?.stepKey,
      input: { ...(asked?.input as object) },
    },
    { kind: 'step', reason: 'Money.', skill: 'pay', step: 'a', input: { to: 'Ann' } },
  );
  assert.deepEqual(world.state, { status: 'waiting', waitingFor: 'approval' });
  assert.equal(await advance(world), 'waiting', 'nobody has decided yet');
  assert.equal(world.approvals.size, 1, 'and it is not asked again');
});

test('allowed, it runs once; its retries need no new leave', async () => {
  const world = aWorld({
    plan,
    input,
    skills: {
      pay: {
        effect: 'keyed',
        act: ({ attempt }) => (attempt === 1 ? failed('target_failed') : { ok: true }),
      },
    },
  });
  assert.equal(await finish(world), 'succeeded');
  assert.equal(world.calls.length, 2);
  assert.equal(world.approvals.size, 1);
  const decided = world.events.filter(({ type }) => type === 'approval.decided');
  assert.equal(decided.length, 1);
});

test('rejected, it fails and is not run, and the plan says what that means', async () => {
  const world = aWorld({ plan, skills, input });
  assert.equal(await finish(world, 'reject'), 'failed');
  assert.deepEqual(world.calls, []);
  const last = world.events.at(-1);
  assert.ok(last?.type === 'run.finished' && last.failure?.code === 'approval_rejected');

  const [step] = plan.steps;
  const forgiven = aWorld({
    plan: { ...plan, steps: [{ ...step!, onError: { use: 'nothing' } }] },
    skills,
    input,
  });
  assert.equal(await finish(forgiven, 'reject'), 'succeeded');
  assert.deepEqual(outputOf(forgiven), { a: 'nothing' });
});

test('leave for another input is no leave: it is asked again', async () => {
  const world = aWorld({ plan, skills, input });
  await advance(world);
  const [asked] = world.approvals.values();
  if (!asked) throw new Error('Nobody was asked.');
  world.approvals.set(asked.id, { ...asked, inputHash: 'sha256:other' });
  decide(world, 'approve');
  assert.equal(await advance(world), 'waiting');
  assert.deepEqual(world.calls, []);
  assert.equal(world.approvals.size, 2);
  assert.equal(await finish(world), 'succeeded');
  assert.equal(world.calls.length, 1);
});

test('each item of a list asks for itself', async () => {
  const world = aWorld({
    plan: aPlan({
      skill: 'pay',
      forEach: { in: [1, 2] },
      input: { to: '${item}' },
      approval: { reason: 'x' },
    }),
    skills,
  });
  await advance(world);
  assert.deepEqual(
    [...world.approvals.values()].map(({ stepKey }) => stepKey),
    ['a[0]', 'a[1]'],
  );
  assert.equal(await finish(world), 'succeeded');
  assert.deepEqual(outputOf(world), { a: [{ paid: 1 }, { paid: 2 }] });
});

test('other steps go on while one waits for leave', async () => {
  const world = aWorld({
    plan: aPlan({ approval: { reason: 'x' } }, { key: 'b' }, { key: 'c', after: ['b'] }),
  });
  assert.equal(await advance(world), 'waiting');
  assert.equal(world.steps.get('c')?.status, 'completed');
});

const book = aPlan({ skill: 'pay', input: { to: 'Ann' } }, { key: 'b', after: ['a'] });

test('an effect whose outcome is unknown goes to a human and is never guessed', async () => {
  const world = aWorld({
    plan: book,
    skills: {
      pay: { effect: 'unkeyed', act: ({ attempt }) => (attempt === 1 ? unknown() : { ok: true }) },
    },
  });
  assert.equal(await advance(world), 'waiting');
  assert.ok(world.state.status === 'waiting' && world.state.waitingFor === 'review');
  assert.equal(await advance(world), 'waiting');
  assert.equal(world.calls.length, 1);
  decide(world, 'approve');
  assert.equal(await finish(world), 'succeeded');
  assert.deepEqual(
    world.calls.map(({ stepKey }) => stepKey),
    ['a', 'a', 'b'],
  );
});

test('a worker that dies in the middle leaves the question to a human', async () => {
  const world = aWorld({ plan: book, skills, crashes: [{ at: 1, when: 'after_call' }] });
  assert.equal(await advance(world), 'lost');
  assert.equal(await advance(world), 'waiting');
  assert.equal(world.calls.length, 1);
  const failedEvent = world.events.find(({ type }) => type === 'step.failed');
  assert.ok(failedEvent?.type === 'step.failed' && failedEvent.failure.code === 'outcome_unknown');
  decide(world, 'reject');
  assert.equal(await finish(world), 'failed');
  assert.equal(world.calls.length, 1);
  const record = world.steps.get('a');
  assert.ok(record?.status === 'failed' && record.failure.code === 'outcome_unknown');
});

test('what can be repeated is repeated after a crash, with the same key and without a question', async () => {
  for (const effect of ['pure', 'read', 'keyed'] as const) {
    const world = aWorld({
      plan: book,
      skills: { pay: { effect } },
      crashes: [{ at: 1, when: 'after_call' }],
    });
    assert.equal(await finish(world), 'succeeded', effect);
    const [first, second] = world.calls.filter(({ stepKey }) => stepKey === 'a');
    assert.ok(first && first.idempotencyKey === second?.idempotencyKey);
    assert.equal(world.approvals.size, 0);
  }
});

test('a worker without the skill neither forgets that it may have happened nor what a human said', async () => {
  for (const decision of ['approve', 'reject'] as const) {
    const world = aWorld({ plan: book, skills, crashes: [{ at: 1, when: 'after_call' }] });
    await advance(world);
    const manifest = world.manifests.get('pay');
    world.manifests.delete('pay');
    assert.equal(await advance(world), 'waiting');
    assert.ok(world.state.status === 'waiting' && world.state.waitingFor === 'review');
    decide(world, decision);
    await advance(world);
    if (manifest) world.manifests.set('pay', manifest);
    await finish(world);
    assert.equal(
      world.calls.filter(({ stepKey }) => stepKey === 'a').length,
      decision === 'approve' ? 2 : 1,
    );
    assert.equal(outcomeOf(world), decision === 'approve' ? 'succeeded' : 'failed');
    assert.equal(typesOf(world).filter((type) => type === 'approval.requested').length, 1);
  }
});

test('a newer version that calls the effect harmless does not make the old attempt so', async () => {
  const world = aWorld({ plan: book, skills, crashes: [{ at: 1, when: 'after_call' }] });
  await advance(world);
  const manifest = world.manifests.get('pay');
  if (manifest) world.manifests.set('pay', { ...manifest, version: '2.0.0', effect: 'pure' });
  assert.equal(await advance(world), 'waiting');
  assert.equal(world.calls.length, 1);
  assert.equal(await finish(world), 'succeeded');
});
