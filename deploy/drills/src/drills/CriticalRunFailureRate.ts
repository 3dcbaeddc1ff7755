import type { Drill } from '../drill.ts';
import { answerAgain, keepPosting } from '../faults/load.ts';

export const criticalRunFailureRate: Drill = {
  alert: 'CriticalRunFailureRate',
  severity: 'critical',
  fault: 'Half of the runs ask a site for a page that is gone.',
  breakIt: async (stack) => keepPosting(stack, { perS: 10, bad: 5 }),
  mend: answerAgain,
};
