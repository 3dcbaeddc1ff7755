import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { lackOf } from '@aos/local';

import type { Drill } from './drill.ts';
import { backendDown } from './drills/BackendDown.ts';
import { queueDepthWarning } from './drills/QueueDepthWarning.ts';
import { workerPoolDown } from './drills/WorkerPoolDown.ts';
import { machineOf } from './machine.ts';
import { runDrill } from './run-drill.ts';

const skip = lackOf('prometheus', 'prometheus-alertmanager') ?? false;
const FACTOR = 60;
const PHASES = ['silent', 'broken', 'firing', 'told', 'page', 'runbook', 'over'];

const perform = (drill: Drill, signal: AbortSignal) =>
  runDrill(drill, { factor: FACTOR, machine: machineOf(process.env), say: () => {}, signal });

// The others are drilled by `npm run aos -- drill --all`, which takes a quarter of an hour.
describe('drills', { skip, concurrency: 2 }, () => {
  for (const drill of [workerPoolDown, queueDepthWarning, backendDown]) {
    test(`${drill.alert}: fires, is told, and its runbook ends it`, async (t) => {
      const report = await perform(drill, t.signal);
      assert.equal(report.failure, undefined, JSON.stringify(report, undefined, 2));
      const phases = report.phases.map(({ phase }) => phase);
      assert.deepEqual(phases.toSorted(), PHASES.toSorted());
    });
  }

  test('a drill fails when what it expects does not fire', async (t) => {
    // The rule says critical: nothing of that kind fires.
    const wrong: Drill = { ...backendDown, severity: 'warning', firingMs: 8_000 };
    const { failure } = await perform(wrong, t.signal);
    assert.match(failure ?? '', /within 8 s that BackendDown fired/);
  });
});
