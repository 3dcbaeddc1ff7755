import assert from 'node:assert/strict';
import { test } from 'node:test';

import { beginning, eventsOf, plan, story } from '../scene.fixture.ts';
import { apply, nothingYet, percentOf, settledOf, withPlan, type RunView } from './run-view.ts';

type Facts = Parameters<typeof eventsOf>[0];

const after = (facts: Facts, from: RunView = nothingYet) => eventsOf(facts).reduce(apply, from);
const planned = withPlan(after(beginning), plan, 1);
const failure = { code: 'target_unreachable', detail: 'No answer.' };

const item = (index: number, ok: boolean) =>
  ok
    ? ({
        type: 'step.completed',
        step: `fetch[${index}]`,
        skill: 'http_request',
        attempt: 1,
        durationMs: 5,
      } as const)
    : ({
        type: 'step.failed',
        step: `fetch[${index}]`,
        skill: 'http_request',
        attempt: 1,
        durationMs: 5,
        failure,
      } as const);
test('the percentage never falls and ends at 100', () => {
  let view = nothingYet;
  const percents = story.map((event) => {
    view = apply(view, event);
    if (event.type === 'run.planned') view = withPlan(view, plan, 1);
    return percentOf(view);
  });
  assert.deepEqual(percents, [0, 0, 0, 33, 33, 66, 100, 100]);
  assert.equal(view.outcome, 'succeeded');
});

test('a failed attempt that is tried again does not end its step', () => {
  const base = {
    type: 'step.failed',
    step: 'fetch',
    skill: 'http_request',
    durationMs: 5,
    failure,
  };
  const once = after(
    [{ ...base, type: 'step.failed', attempt: 1, retryAt: '2026-05-01T09:00:09Z' }],
    planned,
  );
  assert.equal(once.steps.get('fetch')?.state, 'waiting');
  assert.equal(settledOf(once), 0);
  const twice = after([{ ...base, type: 'step.failed', attempt: 2 }], once);
  assert.deepEqual(
    [twice.steps.get('fetch')?.state, twice.steps.get('fetch')?.attempts, percentOf(twice)],
    ['failed', 2, 33],
  );
});

test('items are counted for their step, which ends when they are joined', () => {
  const some = after([item(0, true), item(2, false), item(1, true)], planned);
  const step = some.steps.get('fetch');
  assert.deepEqual([step?.itemsDone, step?.itemsFailed, step?.state], [2, 1, 'running']);
  assert.equal(settledOf(some), 0);
  const joined = after([{ type: 'step.joined', step: 'fetch', items: 3, failed: 1 }], some);
  assert.equal(joined.steps.get('fetch')?.state, 'completed');
  assert.equal(some.steps.size, 3);
});

test('a run waits, is taken over after a crash, and takes finished steps from another run', () => {
  const waiting = after([{ type: 'run.waiting', waitingFor: 'approval' }], planned);
  assert.deepEqual([waiting.phase, waiting.waitingFor], ['waiting', 'approval']);
  const going = after(
    [
      { type: 'step.started', step: 'fetch', skill: 'http_request', attempt: 1, effect: 'read' },
      { type: 'run.started', workerId: 'wrk_2', epoch: 2 },
      { type: 'step.reused', step: 'extract', runId: 'run_0' },
      { type: 'step.skipped', step: 'summary', reason: 'condition' },
    ],
    waiting,
  );
  assert.equal(going.phase, 'running');
  assert.equal(going.waitingFor, undefined);
  assert.deepEqual(
    [...going.steps.values()].map(({ state }) => state),
    ['pending', 'completed', 'skipped'],
  );
});

test('steps that no plan names do not raise the percentage above 100', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const view = after(
    names.map((step) => ({ type: 'step.skipped' as const, step, reason: 'condition' })),
    after(beginning),
  );
  assert.equal(percentOf(view), 100);
});

test('an event of a newer API changes nothing', () => {
  const view = after([{ type: 'run.teleported' as 'run.started', workerId: 'x' }], planned);
  assert.deepEqual(view, planned);
});
