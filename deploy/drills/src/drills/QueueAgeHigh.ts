import type { Drill } from '../drill.ts';
import { queueRuns } from '../faults/load.ts';
import { throwKillSwitch } from '../faults/kill-switch.ts';
import { youngerAge } from '../faults/override.ts';

export const queueAgeHigh: Drill = {
  alert: 'QueueAgeHigh',
  severity: 'critical',
  fault: 'Somebody threw the kill switch for everything and went home; 5 runs are ready.',
  overrides: youngerAge('QueueAgeHigh', '> 600', '> 10'),
  async breakIt(stack) {
    await throwKillSwitch(stack);
    await queueRuns(stack, 5);
  },
  confirm: ['resume_everything'],
};
