import type { Drill } from '../drill.ts';
import { answerAgain, keepReading } from '../faults/load.ts';

export const criticalRunFailureRate: Drill = {
  alert: 'CriticalRunFailureRate',
  severity: 'critical',
  fault: 'Half of the runs ask a site for a page that is gone.',
  breakIt: async (stack) => keepReading(stack, 10, 5),
  mend: answerAgain,
};
