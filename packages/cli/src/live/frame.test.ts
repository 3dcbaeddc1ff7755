import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';

import { beginning, eventsOf } from '../scene.fixture.ts';
import { styleOf } from '../text/style.ts';
import { widthOf } from '../text/width.ts';
import { frame } from './frame.ts';
import { apply, nothingYet, withPlan, type RunView } from './run-view.ts';

const steps = Array.from({ length: 60 }, (_, index) => ({
  key: `step_${index}`,
  skill: 'http_request',
  input: {},
}));
const begun = withPlan(eventsOf(beginning).reduce(apply, nothingYet), { version: 1, steps }, 1);
const long = eventsOf([
  ...steps
    .slice(0, 30)
    .map(
      ({ key, skill }) =>
        ({ type: 'step.completed', step: key, skill, attempt: 1, durationMs: 10 }) as const,
    ),
  {
    type: 'step.failed',
    step: 'step_30',
    skill: 'http_request',
    attempt: 3,
    durationMs: 10,
    failure: { code: 'target_failed', detail: '漢字'.repeat(50) },
  },
  { type: 'step.started', step: 'step_31', skill: 'http_request', attempt: 2, effect: 'read' },
]).reduce(apply, begun);

const now = Date.parse('2026-05-01T09:01:00Z');
const painted = (view: RunView, size: { columns: number; rows: number }) =>
  frame(view, 'run_1  A goal', 'A remark', size, now, styleOf(true)).map(stripVTControlCharacters);

test('a picture is never wider or higher than the screen', () => {
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 40, rows: 8 },
    { columns: 21, rows: 6 },
    { columns: 200, rows: 100 },
  ]) {
    const lines = painted(long, size);
    assert.ok(lines.length < size.rows, `${lines.length} lines in ${size.rows} rows`);
    for (const line of lines) assert.ok(widthOf(line) < size.columns, line);
  }
});

test('when not all steps fit, those that run and those that failed are shown', () => {
  const lines = painted(long, { columns: 80, rows: 10 });
  assert.ok(lines.some((line) => line.startsWith('✗ step_30')));
  assert.ok(lines.some((line) => line.startsWith('… step_31') && line.includes('2 attempts')));
  assert.ok(lines.some((line) => line.includes('and 55 more steps')));
});

test('the head tells percent, steps and elapsed time', () => {
  const [, progress] = painted(long, { columns: 80, rows: 24 });
  assert.match(progress ?? '', /^█+░+ {2}51% {2}31 of 60 steps {2}running {2}1 min$/);
});
