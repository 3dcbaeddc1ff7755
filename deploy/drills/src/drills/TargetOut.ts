import type { Drill } from '../drill.ts';
import { answerAgain, BAD_PATH, pageRun } from '../faults/load.ts';
import { youngerAge } from '../faults/override.ts';

const RUNS = 5;

export const targetOut: Drill = {
  alert: 'TargetOut',
  severity: 'warning',
  fault: 'A site says that it is overloaded, and asks to be left alone for an hour.',
  overrides: youngerAge('TargetOut', '> 600', '> 10'),
  async breakIt(stack) {
    stack.pages.serve(BAD_PATH, (_, response) => {
      response.writeHead(503, { 'retry-after': '3600' }).end('overloaded');
    });
    for (let n = 0; n < RUNS; n++) await stack.client.runs.create(pageRun(stack, BAD_PATH));
  },
  mend: { ...answerAgain, what: 'The site answers again.' },
};
