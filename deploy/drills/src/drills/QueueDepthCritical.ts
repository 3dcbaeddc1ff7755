import type { Drill } from '../drill.ts';
import { queueRuns } from '../faults/load.ts';
import { throwKillSwitch } from '../faults/kill-switch.ts';

export const queueDepthCritical: Drill = {
  alert: 'QueueDepthCritical',
  severity: 'critical',
  fault: 'Somebody threw the kill switch for everything and went home; 5,050 runs are ready.',
  async breakIt(stack) {
    await throwKillSwitch(stack);
    await queueRuns(stack, 5_050);
  },
  confirm: ['resume_everything'],
};
