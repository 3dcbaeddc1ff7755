import type { Drill } from '../drill.ts';
import { answerAgain, keepReading } from '../faults/load.ts';

export const runSuccessBudgetBurn: Drill = {
  alert: 'RunSuccessBudgetBurn',
  severity: 'critical',
  labels: { window: '1h' },
  fault: 'A third of the runs ask a site for a page that is gone.',
  breakIt: async (stack) => keepReading(stack, 12, 4),
  mend: answerAgain,
};
