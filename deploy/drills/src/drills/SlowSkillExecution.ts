import { setTimeout as sleep } from 'node:timers/promises';

import type { Drill } from '../drill.ts';
import { answerAgain, BAD_PATH, keepReading } from '../faults/load.ts';

const SLOW_MS = 3_000;

export const slowSkillExecution: Drill = {
  alert: 'SlowSkillExecution',
  severity: 'warning',
  fault: `A site takes ${SLOW_MS / 1_000} s for each answer.`,
  overrides: [
    {
      rule: 'SlowSkillExecution',
      from: '> 30',
      to: '> 1',
      why: 'attempts of half a minute do not fit into windows of seconds',
    },
  ],
  async breakIt(stack) {
    stack.pages.serve(BAD_PATH, async (_, response) => {
      await sleep(SLOW_MS);
      response.end('at last');
    });
    keepReading(stack, 5, 5);
  },
  mend: { ...answerAgain, what: 'The site is quick again.' },
};
