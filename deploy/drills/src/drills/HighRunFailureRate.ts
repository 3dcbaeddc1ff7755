import type { Drill } from '../drill.ts';
import { answerAgain, keepReading } from '../faults/load.ts';

export const highRunFailureRate: Drill = {
  alert: 'HighRunFailureRate',
  severity: 'warning',
  fault: 'A tenth of the runs ask a site for a page that is gone.',
  breakIt: async (stack) => keepReading(stack, 20, 2),
  mend: answerAgain,
};
