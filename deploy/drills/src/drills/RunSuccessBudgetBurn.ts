import type { Drill } from '../drill.ts';
import { answerAgain, keepPosting } from '../faults/load.ts';

export const runSuccessBudgetBurn: Drill = {
  alert: 'RunSuccessBudgetBurn',
  severity: 'critical',
  labels: { window: '1h' },
  fault: 'A third of the runs ask a site for a page that is gone.',
  breakIt: async (stack) => keepPosting(stack, { perS: 12, bad: 4 }),
  mend: answerAgain,
};
