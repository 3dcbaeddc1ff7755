import type { Drill } from '../drill.ts';

export const backendDown: Drill = {
  alert: 'BackendDown',
  severity: 'critical',
  fault: 'Every replica of the API is killed.',
  // The link in the notice leads to the API.
  pageIsBroken: true,
  breakIt: ({ replicas }) => replicas.kill('api', 'SIGKILL'),
};
