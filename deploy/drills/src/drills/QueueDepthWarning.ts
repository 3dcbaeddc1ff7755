import type { Drill } from '../drill.ts';
import { hangOnlySlot, ONE_SLOT } from '../faults/hang.ts';
import { queueRuns } from '../faults/load.ts';

export const queueDepthWarning: Drill = {
  alert: 'QueueDepthWarning',
  severity: 'warning',
  fault:
    'The only slot of the only worker waits for a site that hangs, and 1,050 runs wait for it.',
  env: ONE_SLOT,
  async breakIt(stack) {
    await hangOnlySlot(stack);
    await queueRuns(stack, 1_050);
  },
};
