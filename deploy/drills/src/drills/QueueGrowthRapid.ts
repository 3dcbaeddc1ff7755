import type { Drill } from '../drill.ts';
import { hangOnlySlot, ONE_SLOT } from '../faults/hang.ts';
import { keepReading } from '../faults/load.ts';

export const queueGrowthRapid: Drill = {
  alert: 'QueueGrowthRapid',
  severity: 'warning',
  fault:
    'The only slot of the only worker waits for a site that hangs, and 90 runs a second are posted.',
  env: ONE_SLOT,
  async breakIt(stack) {
    await hangOnlySlot(stack);
    keepReading(stack, 90, 0);
  },
};
