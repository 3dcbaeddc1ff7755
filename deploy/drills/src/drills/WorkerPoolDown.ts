import type { Drill } from '../drill.ts';

export const workerPoolDown: Drill = {
  alert: 'WorkerPoolDown',
  severity: 'critical',
  fault: 'Every worker is killed.',
  workers: 2,
  breakIt: ({ replicas }) => replicas.kill('worker', 'SIGKILL'),
};
