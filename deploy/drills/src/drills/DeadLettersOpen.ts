import type { Drill } from '../drill.ts';
import { answerAgain, keepReading } from '../faults/load.ts';

export const deadLettersOpen: Drill = {
  alert: 'DeadLettersOpen',
  severity: 'warning',
  fault: 'Runs that ask a site for a page that is gone fail one after the other.',
  breakIt: async (stack) => keepReading(stack, 2, 2),
  mend: answerAgain,
};
