import type { Drill } from '../drill.ts';
import { queueRuns } from '../faults/load.ts';
import { throwKillSwitch } from '../faults/kill-switch.ts';

export const noRunsProcessed: Drill = {
  alert: 'NoRunsProcessed',
  severity: 'critical',
  fault: 'Somebody threw the kill switch for everything and went home; 20 runs are ready.',
  async breakIt(stack) {
    await throwKillSwitch(stack);
    await queueRuns(stack, 20);
  },
  confirm: ['resume_everything'],
};
