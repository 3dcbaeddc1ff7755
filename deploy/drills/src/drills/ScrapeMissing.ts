import type { Drill } from '../drill.ts';

export const scrapeMissing: Drill = {
  alert: 'ScrapeMissing',
  severity: 'warning',
  labels: { service: 'worker' },
  fault: 'The list of targets that Prometheus reads has lost the workers.',
  breakIt: ({ discovery }) => discovery.loseWorkers(),
  mend: {
    what: 'By hand, as the page says: Prometheus sees the list again.',
    perform: async ({ discovery }) => discovery.begin(),
  },
};
