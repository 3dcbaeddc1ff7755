import type { Drill } from '../drill.ts';
import { hangOnlySlot, ONE_SLOT } from '../faults/hang.ts';

export const runsStuck: Drill = {
  alert: 'RunsStuck',
  severity: 'critical',
  labels: { reason: 'no_worker' },
  fault: 'The only worker is killed in the middle of a run.',
  env: ONE_SLOT,
  async breakIt(stack) {
    await hangOnlySlot(stack);
    await stack.replicas.kill('worker', 'SIGKILL');
  },
};
