import type { Drill } from '../drill.ts';
import { queueRuns } from '../faults/load.ts';
import { throwKillSwitch } from '../faults/kill-switch.ts';
import { youngerAge } from '../faults/override.ts';

export const startLatencyBudgetBurn: Drill = {
  alert: 'StartLatencyBudgetBurn',
  severity: 'warning',
  fault: 'Somebody threw the kill switch for everything and went home; 5 runs are ready.',
  overrides: youngerAge('nova:start_late:bool', '> bool 30', '> bool 1'),
  async breakIt(stack) {
    await throwKillSwitch(stack);
    await queueRuns(stack, 5);
  },
  confirm: ['resume_everything'],
};
