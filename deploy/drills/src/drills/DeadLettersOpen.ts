import type { Drill } from '../drill.ts';
import { answerAgain, keepPosting } from '../faults/load.ts';

export const deadLettersOpen: Drill = {
  alert: 'DeadLettersOpen',
  severity: 'warning',
  fault: 'Runs that ask a site for a page that is gone fail one after the other.',
  breakIt: async (stack) => keepPosting(stack, { perS: 2, bad: 2 }),
  mend: answerAgain,
};
