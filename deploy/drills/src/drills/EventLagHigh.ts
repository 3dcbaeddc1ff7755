import type { Drill } from '../drill.ts';
import { queueRuns } from '../faults/load.ts';
import { youngerAge } from '../faults/override.ts';

const CONSUMER = 'drill';

export const eventLagHigh: Drill = {
  alert: 'EventLagHigh',
  severity: 'warning',
  labels: { reader: 'consumers' },
  fault: 'A consumer was made, and its program does not read.',
  overrides: youngerAge('EventLagHigh', '> 600', '> 10'),
  async breakIt(stack) {
    await stack.client.consumers.create({ name: CONSUMER });
    await queueRuns(stack, 3);
  },
  variables: { consumer: CONSUMER },
  confirm: ['skip'],
};
