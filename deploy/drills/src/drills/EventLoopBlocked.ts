import { setTimeout as sleep } from 'node:timers/promises';

import type { Drill } from '../drill.ts';
import type { DrillStack } from '../stack.ts';

const STOPPED_MS = 700;
const RUNNING_MS = 150;
/** The one stack that is drilled at a time. */
const ends = new WeakMap<DrillStack, AbortController>();

export const eventLoopBlocked: Drill = {
  alert: 'EventLoopBlocked',
  severity: 'warning',
  fault: `The worker is stopped for ${STOPPED_MS} ms again and again, as on a machine that is too full.`,
  async breakIt(stack) {
    const end = new AbortController();
    ends.set(stack, end);
    stack.defer(() => end.abort());
    void stopAgainAndAgain(stack, end.signal);
  },
  mend: {
    what: 'By hand, as the page says: something is moved away from the machine.',
    perform: async (stack) => ends.get(stack)?.abort(),
  },
};

async function stopAgainAndAgain({ replicas }: DrillStack, signal: AbortSignal): Promise<void> {
  const [worker] = replicas.of('worker');
  while (!signal.aborted && worker?.program.lives) {
    worker.program.kill('SIGSTOP');
    await sleep(STOPPED_MS);
    worker.program.kill('SIGCONT');
    await sleep(RUNNING_MS);
  }
}
