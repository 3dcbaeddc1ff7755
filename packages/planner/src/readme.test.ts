import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { inspectPlan, planners } from '@aos/core';

import { fixtureCatalog } from './catalog.fixture.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('every plan in the README passes the inspector', () => {
  const plans = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  assert.equal(plans.length, 2);
  for (const plan of plans) {
    assert.deepEqual(inspectPlan(JSON.parse(plan), { catalog: fixtureCatalog }), []);
  }
});

test('every planner there is stands in the README, which stays short', () => {
  for (const name of planners) assert.ok(readme.includes(`| \`${name}\``), name);
  assert.ok(readme.split('\n').length <= 151);
});
